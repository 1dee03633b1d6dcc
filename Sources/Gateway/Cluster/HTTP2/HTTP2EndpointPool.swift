import NIOCore

/// One worker's HTTP/2 connections to one endpoint: mostly one, more when the peer allows few streams on each.
final class HTTP2EndpointPool {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    private unowned(unsafe) let worker: Worker
    /// Has this pool; connections keep both.
    private unowned let endpoint: EndpointPool
    /// Those that take new exchanges.
    @exclusivity(unchecked) private var open: [HTTP2UpstreamConnection] = []
    @exclusivity(unchecked) private var connecting: [Connecting] = []

    /// A connection on its way and who waits for it.
    private final class Connecting {
        var attempts: [ConnectAttempt] = []
    }

    init(endpoint: EndpointPool, worker: Worker) {
        self.endpoint = endpoint
        self.worker = worker
    }

    var idleCount: Int { self.open.count { $0.activeCount == 0 } }

    /// A stream on a connection that is there; nil: `connect`.
    func takeStream(for receiver: any UpstreamReceiver) -> HTTP2Exchange? {
        guard let connection = self.open.first(where: \.hasRoom) else { return nil }
        return connection.begin(receiver)
    }

    /// Opens a connection, or joins those that wait for one; the receiver hears `upstreamConnected` or
    /// `upstreamFailed` later, unless the attempt is cancelled. Nil: too many connections, no attempt is made.
    func connect(for receiver: any UpstreamReceiver) -> ConnectAttempt? {
        let attempt = ConnectAttempt(receiver)
        if let waiting = self.connecting.first(where: {
            $0.attempts.count < HTTP2UpstreamConnection.assumedMaximumStreams
        }) {
            waiting.attempts.append(attempt)
            return attempt
        }
        let waiting = Connecting()
        waiting.attempts.append(attempt)
        let handler = HTTP2UpstreamConnection(pool: self, endpoint: self.endpoint, worker: self.worker)
        let limits = self.worker.options.http1
        let started = self.endpoint.openChannel(
            handlers: { [HTTP2UpstreamConnection.makeCodec(limits), handler] },
            completion: { failure in
                // Later: the channel tells its handlers that it is active after it has told us.
                self.worker.eventLoop.assumeIsolated().execute { self.connected(waiting, handler, failure) }
            }
        )
        guard started else { return nil }
        self.connecting.append(waiting)
        return attempt
    }

    private func connected(
        _ waiting: Connecting,
        _ connection: HTTP2UpstreamConnection,
        _ failure: UpstreamFailure?
    ) {
        self.connecting.removeAll { $0 === waiting }
        let endpoint = self.endpoint
        if failure == nil, connection.isOpen { self.open.append(connection) }
        for attempt in waiting.attempts {
            guard let receiver = attempt.receiver else { continue }
            attempt.cancel()
            if let failure {
                receiver.upstreamFailed(failure)
            } else if connection.hasRoom {
                receiver.upstreamConnected(connection.begin(receiver))
            } else {
                receiver.upstreamFailed(.closedBeforeResponse(reused: true))
            }
        }
        if endpoint.isRetired { self.retire() }
    }

    /// The peer takes no new streams on it.
    func connectionEnds(_ connection: HTTP2UpstreamConnection) { self.open.removeAll { $0 === connection } }

    func connectionClosed(_ connection: HTTP2UpstreamConnection) {
        self.connectionEnds(connection)
        self.endpoint.channelClosed()
    }

    func retire() {
        let connections = self.open
        self.open = []
        for connection in connections { connection.retire() }
    }

    func closeIdle(olderThan seconds: UInt32) {
        guard !self.open.isEmpty else { return }
        let now = self.worker.coarseSeconds
        for connection in self.open where connection.activeCount == 0 && now &- connection.idleSince >= seconds {
            self.connectionEnds(connection)
            connection.retire()
        }
    }
}

@available(*, unavailable)
extension HTTP2EndpointPool: Sendable {}
