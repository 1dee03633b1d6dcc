public import Hummingbird
public import NIOCore
public import NIOPosix
import Synchronization

/// Runs a Proxy-Wasm plugin before and after everything behind it. Several plugins: add several, in order.
///
/// Each worker has its own VM of the plugin, pinned to an event loop; requests take the workers by turns.
public struct ProxyWasmMiddleware<Context: RequestContext>: RouterMiddleware {
    private let workers: [PluginWorker]
    private let turn = Turn()

    /// Starts the plugin on every worker; throws a `PluginFailure` when it refuses, so that a server does not start
    /// with a plugin that cannot.
    /// - Parameters:
    ///   - workers: Number of VMs.
    ///   - eventLoopGroup: Whose loops they run on. It must outlive the middleware.
    public init(
        _ plugin: ProxyWasmPlugin,
        workers: Int = System.coreCount,
        on eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws {
        var started: [PluginWorker] = []
        for _ in 0..<max(1, workers) {
            let worker = PluginWorker(plugin, on: eventLoopGroup.next())
            try await worker.start()
            started.append(worker)
        }
        self.workers = started
    }

    /// Ends the plugin on all workers: it is told, and its ticks and calls stop. For when the server has stopped.
    public func shutDown() async {
        for worker in self.workers { await worker.shutDown() }
    }

    /// Streams that have not ended.
    func streamCount() async -> Int {
        var count = 0
        for worker in self.workers { count += await worker.streamCount }
        return count
    }

    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let worker = self.workers[self.turn.take() % self.workers.count]
        let stream: PluginStreamLease
        switch await worker.begin(request.head) {
        case .stream(let begun): stream = begun
        case .pass: return try await next(request, context)
        case .deny: return Response(status: .serviceUnavailable)
        }
        let step = try await stream.onRequest(request)
        let response: Response
        switch step {
        case .goOn(let request):
            do {
                response = try await next(request, context)
            } catch let error as any HTTPResponseError {
                // A handler's way to say 404: for the plugin a response like any other.
                response = try error.response(from: request, context: context)
            }
        case .answer(let answer):
            response = answer
        case .failed(let answer):
            return answer
        }
        return try await stream.onResponse(response)
    }
}

/// Whose turn it is.
private final class Turn: Sendable {
    private let count = Atomic<Int>(0)
    func take() -> Int { self.count.wrappingAdd(1, ordering: .relaxed).oldValue & Int.max }
}
