import HTTPTypes
import NIOCore
import ProxyWasm

/// One request and its response as the plugin sees them. Fills `StreamHost`; belongs to its worker.
final class PluginStream: StreamHost {
    /// How a pause ends.
    enum PauseEnd: Sendable {
        case resumed
        case answered(LocalResponse)
        case reset
        case failed
        case timedOut
        case cancelled
    }

    /// Keeps the VM, one that has been replaced, too.
    let runtime: PluginRuntime
    let context = StreamContext()
    private let requestHeaders: HeaderMap
    private let originalRequestChanges: UInt32
    private var responseHeaders: HeaderMap?
    private var requestTrailers: HeaderMap?
    private var responseTrailers: HeaderMap?
    var requestBody: HeldBody?
    var responseBody: HeldBody?
    private var properties: [[UInt8]: [UInt8]] = [:]

    private var waiting: (type: StreamType, continuation: CheckedContinuation<PauseEnd, Never>)?
    /// Came while nobody waited: in the callback itself, or while a handler ran.
    private var early: PauseEnd?

    init(_ runtime: PluginRuntime, _ head: HTTPRequest) {
        self.runtime = runtime
        self.requestHeaders = HeaderMap(head)
        self.originalRequestChanges = self.requestHeaders.changes
        runtime.root.begin(self.context, host: self)
    }

    func beginResponse(_ head: HTTPResponse) { self.responseHeaders = HeaderMap(head) }

    /// `on_log`, `on_done`, `on_delete`.
    func end() {
        self.settle(.cancelled)
        guard self.runtime.isHealthy else { return self.context.abandon() }
        self.context.onLog()
        self.context.finish()
    }

    // MARK: Pause and resume

    func wait(for type: StreamType, _ continuation: CheckedContinuation<PauseEnd, Never>) {
        self.waiting = (type, continuation)
    }

    func settle(_ end: PauseEnd) {
        guard let waiting = self.waiting else { return }
        self.waiting = nil
        self.context.released(waiting.type)
        waiting.continuation.resume(returning: end)
    }

    /// An answer or reset that the callback has asked for.
    func takeEarlyEnd() -> PauseEnd? { self.early.take() }

    private func finish(_ end: PauseEnd) {
        if self.waiting == nil { self.early = end } else { self.settle(end) }
    }

    // MARK: What the plugin has made of it

    func requestHead(_ original: HTTPRequest) -> HTTPRequest {
        var head = original
        if self.requestHeaders.changes != self.originalRequestChanges { self.requestHeaders.write(to: &head) }
        if let body = self.requestBody?.buffer { head.headerFields.setLength(body.readableBytes) }
        return head
    }

    func responseHead(_ original: HTTPResponse) -> HTTPResponse {
        var head = original
        self.responseHeaders?.write(to: &head)
        return head
    }

    // MARK: StreamHost

    func headerMap(_ type: MapType) -> HeaderMap? {
        switch type {
        case .requestHeaders: self.requestHeaders
        case .responseHeaders: self.responseHeaders
        case .requestTrailers: self.requestTrailers
        case .responseTrailers: self.responseTrailers
        default: nil
        }
    }

    /// What a plugin writes into trailers is taken, and goes nowhere: handlers and this server's clients see none.
    func makeTrailers(_ type: MapType) -> HeaderMap? {
        let map = self.headerMap(type) ?? HeaderMap()
        if type == .requestTrailers { self.requestTrailers = map } else { self.responseTrailers = map }
        return map
    }

    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? {
        switch type {
        case .httpRequestBody: self.requestBody
        case .httpResponseBody: self.responseBody
        default: nil
        }
    }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        if path.matches(0, "request"), path.count == 2 {
            for (name, header) in [("path", ":path"), ("method", ":method"), ("host", ":authority")] as [Attribute]
            where path.matches(1, name) {
                guard let bytes = self.requestHeaders.first(header) else { return .notFound }
                return attribute.setString(bytes)
            }
        }
        guard let stored = self.properties[path.bytes] else { return .notFound }
        return attribute.setValue(.bytes(stored))
    }

    private typealias Attribute = (name: StaticString, header: StaticString)

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        guard self.properties.count < 1000, path.count + value.count <= 1 << 16 else { return .badArgument }
        self.properties[path] = value
        return .ok
    }

    /// Hummingbird has chosen the route by now.
    func clearRouteCache() {}

    func continueStream(_ type: StreamType) {
        if self.waiting?.type == type { self.settle(.resumed) }
    }

    func closeStream() { self.finish(.reset) }
    func sendLocalResponse(_ response: LocalResponse) { self.finish(.answered(response)) }
}

@available(*, unavailable)
extension PluginStream: Sendable {}
