import NIOCore
import ProxyWasm

// The server's side of a TCP connection.

extension TCPConnection {
    func connect() {
        let destination = self.route.pickDestination(random: self.worker.randomness.word())
        self.facts.route = self.route.name
        guard let destination else { return self.abort(flags: "NR", details: "route_not_found") }
        guard let cluster = self.worker.cluster(named: destination.cluster) else {
            return self.abort(flags: "NC", details: "cluster_not_found")
        }
        self.facts.cluster = cluster
        cluster.requests &+= 1
        self.attempt(cluster)
    }

    private func attempt(_ cluster: ClusterPool) {
        guard let endpoint = cluster.pickEndpoint() else {
            return self.abort(flags: "UH", details: "no_healthy_upstream")
        }
        self.phase = .connecting
        self.facts.endpoint = endpoint
        self.facts.upstreamAttempts += 1
        let upstream = TCPUpstream(owner: self, endpoint: endpoint, eventLoop: self.worker.eventLoop)
        self.upstream = upstream
        if !upstream.connect() {
            self.upstream = nil
            self.abort(flags: "UO", details: "upstream_connection_limit")
        }
    }

    func upstreamConnected() {
        guard self.phase == .connecting, let upstream = self.upstream else { return }
        self.phase = .flowing
        self.lastActivity = self.worker.coarseSeconds
        if let address = upstream.localAddress { self.facts.upstreamLocalAddress = ConnectionAddresses.bytes(address) }
        let early = self.early
        self.early = ByteBuffer()
        if early.readableBytes > 0 || self.clientEnded { self.chain.run(.downstream, early, end: self.clientEnded) }
        self.readClientIfDue()
        self.upstream?.readIfDue()
    }

    func upstreamFailed() {
        guard self.phase == .connecting else { return }
        self.upstream = nil
        if let cluster = self.facts.cluster,
            self.facts.upstreamAttempts < min(cluster.endpoints.count, Self.maximumAttempts)
        {
            self.attempt(cluster)
        } else {
            self.abort(flags: "UF", details: "upstream_connection_failure")
        }
    }

    var mayReadServer: Bool {
        guard self.phase == .flowing else { return self.phase == .lingering }
        return self.context?.channel.isWritable ?? true && !self.chain.holdsLimit(.upstream)
    }

    func upstreamData(_ data: ByteBuffer) {
        self.lastActivity = self.worker.coarseSeconds
        if self.phase == .flowing { self.chain.run(.upstream, data, end: false) }
    }

    func upstreamEnded() {
        if self.phase == .flowing { self.chain.run(.upstream, ByteBuffer(), end: true) }
    }

    func upstreamWritable() { self.readClientIfDue() }

    /// The connection to the server is gone, in order when both ends have been said.
    func upstreamClosed(hasEnded: Bool) {
        guard self.phase == .flowing else { return }
        if hasEnded, self.clientEndPassed { return }
        self.finish(.local, flags: "UC", details: "upstream_connection_termination", flush: true)
    }
}
