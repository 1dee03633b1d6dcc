import NIOCore

/// Calls a closure on a loop again and again until cancelled. The period counts from the end of one call
/// to the next, so that slow calls make no backlog.
final class LoopTimer {
    private let eventLoop: any EventLoop
    private let period: TimeAmount
    private let body: () -> Void
    private var isCancelled = false
    private var scheduled: Scheduled<Void>?

    /// Call on the loop.
    init(on eventLoop: any EventLoop, every period: TimeAmount, _ body: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.period = period
        self.body = body
        self.arm()
    }

    private func arm() {
        self.scheduled = self.eventLoop.assumeIsolated().scheduleTask(in: self.period) {
            guard !self.isCancelled else { return }
            self.body()
            if !self.isCancelled { self.arm() }
        }
    }

    func cancel() {
        self.isCancelled = true
        self.scheduled?.cancel()
        self.scheduled = nil
    }
}

@available(*, unavailable)
extension LoopTimer: Sendable {}
