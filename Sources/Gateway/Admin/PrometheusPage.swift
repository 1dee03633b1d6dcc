/// The metrics in Prometheus' text format.
enum PrometheusPage {
    static func render(_ status: GatewayStatus, state: ConfigurationState, version: String) -> String {
        var page = Writer()
        self.process(status, state, version, &page)
        self.traffic(status.traffic, &page)
        self.listeners(status.listeners, &page)
        self.clusters(status.clusters, &page)
        self.plugins(status.plugins, &page)
        return page.text
    }

    private static func process(
        _ status: GatewayStatus,
        _ state: ConfigurationState,
        _ version: String,
        _ page: inout Writer
    ) {
        page.family("mizzen_build_info", "gauge", "Version of the program.")
        page.sample("mizzen_build_info", [("version", version)], "1")
        page.single("mizzen_uptime_seconds", "gauge", "Since the start.", "\(status.uptimeSeconds)")
        page.single("mizzen_workers", "gauge", "Worker threads.", String(status.workers))
        let ready = StatusText.awaited(status, state: state).isEmpty
        page.single("mizzen_ready", "gauge", "1 when /ready answers 200.", ready ? "1" : "0")
        page.single("mizzen_draining", "gauge", "1 while draining.", status.draining ? "1" : "0")
        page.single(
            "mizzen_configuration_generation", "gauge", "Generation that serves.", String(status.generation))
        page.single(
            "mizzen_configuration_rejected_total", "counter", "Edits of which something was not applied.",
            String(state.rejected))
        page.single(
            "mizzen_configuration_problems", "gauge", "Problems of the latest edit.", String(state.problems.count))
    }

    private static func traffic(_ traffic: TrafficStatus, _ page: inout Writer) {
        page.family("istio_requests_total", "counter", "Answered requests by class of response.")
        for (index, count) in traffic.responses.enumerated() where index >= 1 {
            let labels = [("reporter", "source"), ("response_code_class", "\(index)xx")]
            page.sample("istio_requests_total", labels, String(count))
        }
        let duration = "istio_request_duration_milliseconds"
        page.family(duration, "histogram", "From the first byte of a request to the last of its response.")
        var cumulative: UInt64 = 0
        for (index, bound) in TrafficStatus.durationBoundsMilliseconds.enumerated() {
            cumulative &+= index < traffic.durationBuckets.count ? traffic.durationBuckets[index] : 0
            page.sample(
                duration + "_bucket", [("reporter", "source"), ("le", Writer.number(bound))], String(cumulative))
        }
        let total = traffic.durationBuckets.reduce(0, &+)
        page.sample(duration + "_bucket", [("reporter", "source"), ("le", "+Inf")], String(total))
        page.sample(duration + "_sum", [("reporter", "source")], Writer.number(traffic.durationSumMilliseconds))
        page.sample(duration + "_count", [("reporter", "source")], String(total))
        let singles: [(String, String, String, UInt64)] = [
            ("connections_total", "counter", "Accepted connections.", traffic.downstreamConnectionsTotal),
            ("connections_active", "gauge", "Open connections.", traffic.downstreamConnectionsActive),
            ("requests_total", "counter", "Requests begun.", traffic.downstreamRequestsTotal),
            ("requests_active", "gauge", "Requests under way.", traffic.downstreamRequestsActive),
            ("protocol_errors_total", "counter", "Malformed requests refused.", traffic.downstreamProtocolErrors),
        ]
        for (name, type, help, value) in singles {
            page.single("mizzen_downstream_\(name)", type, help, String(value))
        }
    }

    private static func listeners(_ listeners: [ListenerStatus], _ page: inout Writer) {
        page.column("mizzen_listener_bound", "gauge", "1 when bound.", listeners) {
            ([("listener", $0.configuration.name)], $0.bound ? "1" : "0")
        }
        page.column("mizzen_listener_connections_active", "gauge", "Open connections.", listeners) {
            ([("listener", $0.configuration.name)], String($0.connections))
        }
        page.column("mizzen_listener_requests_total", "counter", "Requests begun.", listeners) {
            ([("listener", $0.configuration.name)], String($0.requests))
        }
    }

    private static func clusters(_ clusters: [ClusterStatus], _ page: inout Writer) {
        page.column("mizzen_cluster_requests_total", "counter", "Requests sent.", clusters) {
            ([("cluster_name", $0.configuration.name)], String($0.requests))
        }
        page.column("mizzen_cluster_connect_failures_total", "counter", "Connections that failed.", clusters) {
            ([("cluster_name", $0.configuration.name)], String($0.connectFailures))
        }
        let endpoints = clusters.flatMap { cluster in
            cluster.endpoints.map { (cluster.configuration.name, $0) }
        }
        page.column("mizzen_cluster_connections_active", "gauge", "Open connections.", endpoints) {
            ([("cluster_name", $0.0), ("endpoint", $0.1.address)], String($0.1.connections))
        }
        page.column("mizzen_cluster_connections_idle", "gauge", "Open connections without a request.", endpoints) {
            ([("cluster_name", $0.0), ("endpoint", $0.1.address)], String($0.1.idleConnections))
        }
    }

    private static func plugins(_ plugins: [PluginStatus], _ page: inout Writer) {
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
            for state in [PluginStatus.State.loading, .serving, .failed] {
                let labels = Self.labels(plugin) + [("state", state.rawValue)]
                page.sample("mizzen_plugin_state", labels, plugin.state == state ? "1" : "0")
            }
        }
    }

    private static func labels(_ plugin: PluginStatus) -> [(String, String)] {
        [("plugin", plugin.key), ("phase", plugin.phase)]
    }
}

extension PrometheusPage {
    /// Writes families and samples, with the escaping of the format.
    private struct Writer {
        typealias Labels = [(String, String)]
        var text = ""

        mutating func family(_ name: String, _ type: String, _ help: String) {
            self.text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        }

        mutating func sample(_ name: String, _ labels: Labels, _ value: String) {
            self.text += name
            if !labels.isEmpty {
                let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
                self.text += "{\(pairs.joined(separator: ","))}"
            }
            self.text += " \(value)\n"
        }

        mutating func single(_ name: String, _ type: String, _ help: String, _ value: String) {
            self.family(name, type, help)
            self.sample(name, [], value)
        }

        mutating func column<Row>(
            _ name: String,
            _ type: String,
            _ help: String,
            _ rows: [Row],
            _ sample: (Row) -> (Labels, String)
        ) {
            self.family(name, type, help)
            for row in rows {
                let (labels, value) = sample(row)
                self.sample(name, labels, value)
            }
        }

        static func number(_ value: Double) -> String {
            value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
        }

        private static func escaped(_ value: String) -> String {
            guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
            var result = ""
            for scalar in value.unicodeScalars {
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case "\n": result += "\\n"
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result
        }
    }
}
