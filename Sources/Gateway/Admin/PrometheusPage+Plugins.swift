import ProxyWasm

// What plugins cost, and how they fare.

extension PrometheusPage {
    static func plugins(_ plugins: [PluginStatus], _ page: inout PrometheusWriter) {
        self.states(plugins, &page)
        self.usage(plugins, &page)
        self.durations(plugins, &page)
    }

    private static func states(_ plugins: [PluginStatus], _ page: inout PrometheusWriter) {
        let columns: [(String, String, String, (PluginStatus) -> UInt64)] = [
            ("requests_total", "counter", "Requests that entered the plugin.", { $0.requests }),
            ("local_responses_total", "counter", "Responses that the plugin gave itself.", { $0.localResponses }),
            ("failures_total", "counter", "Traps, deadlines and failed starts.", { $0.failures }),
            ("restarts_total", "counter", "Instances replaced.", { $0.restarts }),
            ("memory_bytes", "gauge", "Linear memory of all instances.", { $0.memoryBytes }),
            ("instances", "gauge", "Running instances.", { UInt64(clamping: $0.instances) }),
        ]
        for (name, type, help, value) in columns {
            page.column("mizzen_plugin_\(name)", type, help, plugins) { (Self.labels($0), String(value($0))) }
        }
        page.family("mizzen_plugin_state", "gauge", "1 for the state that the plugin is in.")
        for plugin in plugins {
            for state in PluginStatus.State.allCases {
                let labels = Self.labels(plugin) + [("state", state.rawValue)]
                page.sample("mizzen_plugin_state", labels, plugin.state == state ? "1" : "0")
            }
        }
    }

    private static func usage(_ plugins: [PluginStatus], _ page: inout PrometheusWriter) {
        page.family("mizzen_plugin_callbacks_total", "counter", "Calls of the plugin's callbacks.")
        for plugin in plugins {
            for callback in PluginCallback.allCases where plugin.usage.calls(callback) > 0 {
                let labels = [("plugin", plugin.key), ("callback", callback.name)]
                page.sample("mizzen_plugin_callbacks_total", labels, String(plugin.usage.calls(callback)))
            }
        }
        page.column("mizzen_plugin_cpu_seconds_total", "counter", "CPU time of callbacks, estimated.", plugins) {
            ([("plugin", $0.key)], Self.seconds($0.usage.cpuNanoseconds))
        }
        page.column("mizzen_plugin_traps_total", "counter", "Callbacks that trapped.", plugins) {
            ([("plugin", $0.key)], String($0.usage.traps))
        }
        page.column(
            "mizzen_plugin_deadline_kills_total", "counter", "Callbacks ended by their deadline.", plugins
        ) {
            ([("plugin", $0.key)], String($0.usage.deadlineKills))
        }
        page.family("mizzen_plugin_limit_violations_total", "counter", "Times that a limit stopped the plugin.")
        for plugin in plugins {
            for limit in PluginLimit.allCases {
                let labels = [("plugin", plugin.key), ("limit", limit.rawValue)]
                page.sample(
                    "mizzen_plugin_limit_violations_total", labels, String(plugin.usage.violations(limit)))
            }
        }
    }

    private static func durations(_ plugins: [PluginStatus], _ page: inout PrometheusWriter) {
        let name = "mizzen_plugin_callback_duration_seconds"
        page.family(name, "histogram", "CPU time of a callback, estimated from those that were timed.")
        for plugin in plugins {
            for (callback, usage) in zip(PluginCallback.allCases, plugin.usage.callbacks) where usage.calls > 0 {
                page.histogram(
                    name,
                    [("plugin", plugin.key), ("callback", callback.name)],
                    bounds: PluginUsage.bucketBounds.map { Double($0) / 1_000_000_000 },
                    counts: usage.buckets,
                    sum: Self.seconds(usage.nanoseconds)
                )
            }
        }
    }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        PrometheusWriter.number(Double(nanoseconds) / 1_000_000_000)
    }

    private static func labels(_ plugin: PluginStatus) -> [(String, String)] {
        [("plugin", plugin.key), ("phase", plugin.phase)]
    }
}
