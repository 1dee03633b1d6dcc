import NIOCore

/// The Sendable way to a worker: each method hops to its loop.
struct WorkerHandle: Sendable {
    private let worker: NIOLoopBound<Worker>
    let eventLoop: any EventLoop

    /// Call on the worker's loop.
    init(_ worker: Worker) {
        self.worker = NIOLoopBound(worker, eventLoop: worker.eventLoop)
        self.eventLoop = worker.eventLoop
    }

    /// Runs `body` with the worker on its loop.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async -> Value? {
        let worker = self.worker
        return try? await self.eventLoop.submit { body(worker.value) }.get()
    }

    /// For code that already is on the loop (channel initializers).
    var onLoop: Worker { self.worker.value }
}
