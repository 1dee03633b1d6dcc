import NIOCore

/// What a worker's connections have to send, gathered over one tick of the loop and sent together at its end.
///
/// A peer on another core that has gone to sleep is woken by the first of many writes instead of by each of them, and
/// the code of requests and of system calls does not push each other out of the caches. With hardly any stream under
/// way nothing is gathered: then each write goes out at once.
final class WriteBatch {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    private let eventLoop: any EventLoop
    @exclusivity(unchecked) private var downstream: [HTTP1ServerConnection] = []
    @exclusivity(unchecked) private var downstreamHTTP2: [HTTP2ServerConnection] = []
    @exclusivity(unchecked) private var upstream: [UpstreamConnection] = []
    @exclusivity(unchecked) private var isScheduled = false

    /// Fewer streams than this have nothing to gain from waiting for each other.
    static let minimumStreams = 4

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.downstream.reserveCapacity(64)
        self.upstream.reserveCapacity(64)
    }

    func add(_ connection: HTTP1ServerConnection) {
        self.downstream.append(connection)
        self.schedule()
    }

    func add(_ connection: HTTP2ServerConnection) {
        self.downstreamHTTP2.append(connection)
        self.schedule()
    }

    func add(_ connection: UpstreamConnection) {
        self.upstream.append(connection)
        self.schedule()
    }

    private func schedule() {
        guard !self.isScheduled else { return }
        self.isScheduled = true
        self.eventLoop.assumeIsolated().execute { self.send() }
    }

    private func send() {
        self.isScheduled = false
        // What is added meanwhile goes out, too.
        var index = 0
        while index < self.upstream.count {
            self.upstream[index].flushNow()
            index += 1
        }
        self.upstream.removeAll(keepingCapacity: true)
        index = 0
        while index < self.downstream.count {
            self.downstream[index].flushNow()
            index += 1
        }
        self.downstream.removeAll(keepingCapacity: true)
        guard !self.downstreamHTTP2.isEmpty else { return }
        index = 0
        while index < self.downstreamHTTP2.count {
            self.downstreamHTTP2[index].flushNow()
            index += 1
        }
        self.downstreamHTTP2.removeAll(keepingCapacity: true)
    }
}

@available(*, unavailable)
extension WriteBatch: Sendable {}
