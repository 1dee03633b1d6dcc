/// The metrics in Prometheus' text format.
enum PrometheusPage {
    static func render(
        _ status: GatewayStatus, state: ConfigurationState, version: String, more: [MetricFamily] = []
    ) -> String {
        var page = PrometheusWriter()
        self.process(status, state, version, &page)
        self.traffic(status.traffic, &page)
        self.listeners(status.listeners, &page)
        self.clusters(status.clusters, &page)
        self.plugins(status.plugins, &page)
        self.families(more, &page)
        PluginMetricFamilies(status.pluginMetrics, reserved: page.families).write(to: &page)
        return page.text
    }

    private static func process(
        _ status: GatewayStatus,
        _ state: ConfigurationState,
        _ version: String,
        _ page: inout PrometheusWriter
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

    private static func traffic(_ traffic: TrafficStatus, _ page: inout PrometheusWriter) {
        page.family("istio_requests_total", "counter", "Answered requests by class of response.")
        for (index, count) in traffic.responses.enumerated() where index >= 1 {
            let labels = [("reporter", "source"), ("response_code_class", "\(index)xx")]
            page.sample("istio_requests_total", labels, String(count))
        }
        let duration = "istio_request_duration_milliseconds"
        page.family(duration, "histogram", "From the first byte of a request to the last of its response.")
        let bounds = TrafficStatus.durationBoundsMilliseconds
        let missing = max(0, bounds.count + 1 - traffic.durationBuckets.count)
        page.histogram(
            duration,
            [("reporter", "source")],
            bounds: bounds,
            counts: traffic.durationBuckets + Array(repeating: 0, count: missing),
            sum: PrometheusWriter.number(traffic.durationSumMilliseconds)
        )
        let tcp: [(String, String, UInt64)] = [
            ("connections_opened", "TCP connections opened.", traffic.tcpConnectionsOpened),
            ("connections_closed", "TCP connections closed.", traffic.tcpConnectionsClosed),
            ("received_bytes", "Bytes of TCP connections from clients.", traffic.tcpReceivedBytes),
            ("sent_bytes", "Bytes of TCP connections to clients.", traffic.tcpSentBytes),
        ]
        for (name, help, value) in tcp {
            page.family("istio_tcp_\(name)_total", "counter", help)
            page.sample(
                "istio_tcp_\(name)_total", [("reporter", "source"), ("request_protocol", "tcp")], String(value))
        }
        page.single(
            "mizzen_downstream_tls_failures_total", "counter", "TLS connections that came to nothing.",
            String(traffic.tlsFailures))
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

    private static func listeners(_ listeners: [ListenerStatus], _ page: inout PrometheusWriter) {
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

    private static func clusters(_ clusters: [ClusterStatus], _ page: inout PrometheusWriter) {
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
}
