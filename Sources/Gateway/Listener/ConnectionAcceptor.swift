import NIOCore

// What becomes of an accepted connection.

extension Worker {
    /// Call it in the child channel's initializer. The newest configuration decides.
    func accept(_ channel: any Channel, listener name: String) throws {
        guard let listener = self.generation.listener(name) else {
            channel.close(promise: nil)
            return
        }
        switch listener.transport {
        case .http where listener.networkChain.isEmpty:
            try channel.pipeline.syncOperations.addHandler(HTTP1ServerConnection(worker: self, listenerName: name))
        case .http:
            try self.installHTTP(on: channel, listener, listenerName: name, filterChainName: name, security: nil)
        case .tcp(let route):
            try self.installTCP(on: channel, listener, route, listenerName: name, filterChainName: name, security: nil)
        case .tls(let tls):
            let acceptor = TLSAcceptor(worker: self, listener: listener, tls: tls, listenerName: name)
            try acceptor.install(on: channel)
        }
    }

    /// HTTP over what the pipeline gives: the socket's bytes, or TLS's. The client preface decides about HTTP/2, which
    /// a client that negotiated `h2` sends first.
    func installHTTP(
        on channel: any Channel,
        _ listener: WorkerListener,
        listenerName: String,
        filterChainName: String,
        security: ConnectionSecurity?
    ) throws {
        let connection = HTTP1ServerConnection(
            worker: self, listenerName: listenerName, filterChainName: filterChainName, security: security)
        let operations = channel.pipeline.syncOperations
        guard !listener.networkChain.isEmpty else {
            try operations.addHandler(connection)
            return
        }
        let facts = ConnectionInfo(
            connectionID: connection.connectionID,
            listenerName: listenerName,
            filterChainName: filterChainName,
            channel: channel,
            security: security
        )
        let filters = NetworkFilterHandler(
            worker: self, listener: listener, generation: self.generation, facts: facts)
        try operations.addHandler(filters)
        try operations.addHandler(connection)
        filters.beginIfActive()
    }

    /// Bytes to a cluster.
    func installTCP(
        on channel: any Channel,
        _ listener: WorkerListener,
        _ route: TCPRoute,
        listenerName: String,
        filterChainName: String,
        security: ConnectionSecurity?
    ) throws {
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        let facts = ConnectionInfo(
            connectionID: self.nextConnectionID,
            listenerName: listenerName,
            filterChainName: filterChainName,
            channel: channel,
            security: security
        )
        self.nextConnectionID &+= 1
        try channel.pipeline.syncOperations.addHandler(
            TCPConnection(worker: self, listener: listener, generation: self.generation, route: route, facts: facts)
        )
    }
}
