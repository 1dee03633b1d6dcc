import HTTPTypes
import Logging
import NIOCore
import ProxyWasm

/// One VM of a plugin, its streams, and the thread that alone enters them: an event loop, which is this actor's
/// executor. So the compiler proves what the `ProxyWasm` library asks for.
actor PluginWorker {
    nonisolated let eventLoop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.eventLoop.executor.asUnownedSerialExecutor() }

    private let plugin: ProxyWasmPlugin
    private var runtime: PluginRuntime?
    private var streams: [PluginStreamLease.ID: PluginStream] = [:]
    private var lastID: PluginStreamLease.ID = 0
    private var lastRuntime: PluginRuntime.ID = 0
    private var lastStart = ContinuousClock.now
    private var failures = 0
    private var isShutDown = false

    init(_ plugin: ProxyWasmPlugin, on eventLoop: any EventLoop) {
        self.plugin = plugin
        self.eventLoop = eventLoop
    }

    func start() throws(PluginFailure) {
        self.lastStart = .now
        self.lastRuntime += 1
        self.runtime = nil
        self.runtime = try PluginRuntime(self.plugin, id: self.lastRuntime, worker: self)
    }

    func shutDown() {
        self.isShutDown = true
        for stream in self.streams.values { stream.settle(.failed) }
        for id in Array(self.streams.keys) { self.end(id) }
        self.runtime?.shutDown()
        self.runtime = nil
    }

    // MARK: Streams

    var streamCount: Int { self.streams.count }

    enum Admission: Sendable {
        case stream(PluginStreamLease)
        /// Without the plugin.
        case pass
        case deny
    }

    func begin(_ head: HTTPRequest) -> Admission {
        guard let runtime = self.healthyRuntime() else {
            return self.plugin.failurePolicy == .open ? .pass : .deny
        }
        self.lastID += 1
        self.streams[self.lastID] = PluginStream(runtime, head)
        return .stream(PluginStreamLease(self, self.lastID, bodyLimit: self.plugin.bodyLimit))
    }

    func end(_ id: PluginStreamLease.ID) {
        self.streams.removeValue(forKey: id)?.end()
    }

    /// The running VM; one that has died is replaced: at once the first time, then once a second at most.
    private func healthyRuntime() -> PluginRuntime? {
        if let runtime = self.runtime, runtime.isHealthy { return runtime }
        guard !self.isShutDown else { return nil }
        guard self.failures <= 1 || ContinuousClock.now - self.lastStart > .seconds(1) else { return nil }
        do {
            try self.start()
        } catch {
            self.failures += 1
            self.plugin.logger.error("plugin did not start again: \(error)")
        }
        return self.runtime
    }

    // MARK: Callbacks

    func requestHeaders(_ id: PluginStreamLease.ID, endOfStream: Bool) async throws -> PluginVerdict {
        guard let stream = self.streams[id] else { return .goOn }
        let result = stream.context.onRequestHeaders(endOfStream: endOfStream)
        return try await self.verdict(id, stream, .request, result.map { $0 == .continue })
    }

    func requestBody(_ id: PluginStreamLease.ID, _ body: ByteBuffer) async throws -> PluginVerdict {
        guard let stream = self.streams[id] else { return .goOn }
        stream.requestBody = HeldBody(body)
        let result = stream.context.onRequestBody(size: body.readableBytes, endOfStream: true)
        return try await self.verdict(id, stream, .request, result.map { $0 == .continue })
    }

    func responseHeaders(
        _ id: PluginStreamLease.ID, _ head: HTTPResponse, endOfStream: Bool
    ) async throws -> PluginVerdict {
        guard let stream = self.streams[id] else { return .goOn }
        stream.beginResponse(head)
        let result = stream.context.onResponseHeaders(endOfStream: endOfStream)
        return try await self.verdict(id, stream, .response, result.map { $0 == .continue })
    }

    func responseBody(_ id: PluginStreamLease.ID, _ body: ByteBuffer) async throws -> PluginVerdict {
        guard let stream = self.streams[id] else { return .goOn }
        stream.responseBody = HeldBody(body)
        let result = stream.context.onResponseBody(size: body.readableBytes, endOfStream: true)
        return try await self.verdict(id, stream, .response, result.map { $0 == .continue })
    }

    func wantsBody(_ id: PluginStreamLease.ID, _ type: StreamType) -> Bool {
        self.streams[id]?.context.handlesBody(type) ?? false
    }

    // MARK: What the plugin has made of it

    func requestHead(_ id: PluginStreamLease.ID, _ head: HTTPRequest) -> HTTPRequest {
        self.streams[id]?.requestHead(head) ?? head
    }

    func responseHead(_ id: PluginStreamLease.ID, _ head: HTTPResponse) -> HTTPResponse {
        self.streams[id]?.responseHead(head) ?? head
    }

    func body(_ id: PluginStreamLease.ID, _ type: StreamType) -> ByteBuffer? {
        let stream = self.streams[id]
        return type == .request ? stream?.requestBody?.buffer : stream?.responseBody?.buffer
    }

    // MARK: Pause and resume

    /// Waits, when the plugin pauses the direction, until it lets go of it.
    private func verdict(
        _ id: PluginStreamLease.ID, _ stream: PluginStream, _ type: StreamType, _ goesOn: Bool?
    ) async throws -> PluginVerdict {
        var end: PluginStream.PauseEnd? = stream.takeEarlyEnd()
        if end == nil, let goesOn { end = goesOn ? .resumed : await self.pause(id, stream, type) }
        switch end ?? .failed {
        case .resumed:
            return .goOn
        case .answered(let response):
            return .answered(response)
        case .reset:
            // Hummingbird has no way to close the connection from here.
            return .failed(.serviceUnavailable)
        case .failed:
            self.end(id)
            return self.plugin.failurePolicy == .open ? .goOn : .failed(.serviceUnavailable)
        case .timedOut:
            return .failed(.gatewayTimeout)
        case .cancelled:
            throw CancellationError()
        }
    }

    private func pause(
        _ id: PluginStreamLease.ID, _ stream: PluginStream, _ type: StreamType
    ) async -> PluginStream.PauseEnd {
        let limit = self.plugin.pauseLimit
        let timer = Task {
            try await Task.sleep(for: limit)
            self.settle(id, .timedOut)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { stream.wait(for: type, $0) }
        } onCancel: {
            Task { await self.settle(id, .cancelled) }
        }
    }

    private func settle(_ id: PluginStreamLease.ID, _ end: PluginStream.PauseEnd) { self.streams[id]?.settle(end) }

    // MARK: Events of the runtime

    func tick(_ root: UInt32) { self.runtime?.tick(root) }

    func deliverQueueEvents() { self.runtime?.vm.deliverQueueEvents() }

    func callEnded(_ token: UInt32, of runtime: PluginRuntime.ID, _ response: HTTPCall.Response?) {
        guard let current = self.runtime, current.id == runtime else { return }
        current.callEnded(token, response)
    }

    func runtimeFailed(_ runtime: PluginRuntime.ID) {
        self.failures = ContinuousClock.now - self.lastStart > .seconds(10) ? 1 : self.failures + 1
        for stream in self.streams.values where stream.runtime.id == runtime { stream.settle(.failed) }
    }
}

extension CallbackResult {
    /// Nil: the VM is dead.
    fileprivate func map<R>(_ transform: (S) -> R) -> R? {
        switch self {
        case .status(let status): transform(status)
        case .failed: nil
        }
    }
}
