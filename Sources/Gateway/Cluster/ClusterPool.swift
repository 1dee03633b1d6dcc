/// One worker's connections to a cluster.
final class ClusterPool {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let configuration: ClusterConfiguration
    let nameBytes: [UInt8]
    let endpoints: [EndpointPool]
    @exclusivity(unchecked) private var next = 0
    @exclusivity(unchecked) var requests: UInt64 = 0
    var connectFailures: UInt64 { self.endpoints.reduce(0) { $0 &+ $1.connectFailures } }
    /// Connections of one worker to one cluster; a guard against floods, not a tuning knob.
    static let maximumConnections = 16_384

    /// Requests go as HTTP/2 streams.
    let isHTTP2: Bool

    /// `tls`: of the configuration's TLS, when it has any.
    init(configuration: ClusterConfiguration, tls: UpstreamTLS? = nil, worker: Worker) {
        self.configuration = configuration
        self.isHTTP2 = configuration.isHTTP2
        self.nameBytes = Array(configuration.name.utf8)
        self.endpoints = configuration.endpoints.map { endpoint in
            EndpointPool(endpoint: endpoint, configuration: configuration, tls: tls, worker: worker)
        }
        // Workers start at different endpoints, so that few requests spread, too.
        self.next = self.endpoints.isEmpty ? 0 : worker.index % self.endpoints.count
    }

    var connectionCount: Int { self.endpoints.reduce(0) { $0 + $1.connectionCount } }

    /// Round robin. Nil: the cluster has no endpoints.
    func pickEndpoint() -> EndpointPool? {
        guard !self.endpoints.isEmpty else { return nil }
        let endpoint = self.endpoints[self.next % self.endpoints.count]
        self.next &+= 1
        if self.next >= self.endpoints.count { self.next = 0 }
        return endpoint
    }

    /// The cluster left the configuration: connections close when they become idle.
    func retire() {
        for endpoint in self.endpoints { endpoint.retire() }
    }
}
