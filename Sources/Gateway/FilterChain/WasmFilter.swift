import NIOCore
import ProxyWasm

/// One plugin in one stream's chain. Fills `StreamHost`: what the plugin sees and does from its place.
/// Reused from request to request of a connection.
final class WasmFilter: StreamHost {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    /// The stream owns its filters; a filter is never used without it.
    unowned(unsafe) let stream: HTTPStream
    let index: Int
    @exclusivity(unchecked) private(set) var instance: PluginInstance?
    @exclusivity(unchecked) private var runtime: PluginRuntime?
    @exclusivity(unchecked) private var context: StreamContext?
    /// The plugin is not running and its failStrategy says closed.
    @exclusivity(unchecked) private(set) var denies = false
    /// The request's headers got here: the plugin takes part in the response, too.
    @exclusivity(unchecked) private(set) var sawRequest = false
    @exclusivity(unchecked) var request = FilterDirection()
    @exclusivity(unchecked) var response = FilterDirection()
    let requestBody = StreamBody()
    let responseBody = StreamBody()
    @exclusivity(unchecked) private var isWaiting = false

    init(stream: HTTPStream, index: Int) {
        self.stream = stream
        self.index = index
    }

    // MARK: Life in one stream

    func begin(_ instance: PluginInstance) {
        self.instance = instance
        instance.requests &+= 1
        switch instance.admit() {
        case .serve(let runtime):
            self.runtime = runtime
            runtime.streamBegan()
        case .skip:
            break
        case .deny:
            self.denies = true
        }
    }

    /// The plugin's callbacks run for this stream.
    var isActive: Bool { self.runtime != nil }

    private func activeContext() -> StreamContext? {
        if let context = self.context { return context }
        guard let root = self.runtime?.root else { return nil }
        let context = root.makeStream(host: self)
        self.context = context
        return context
    }

    func onLog() {
        guard self.isActive else { return }
        self.activeContext()?.onLog()
    }

    /// `on_done`, `on_delete`, and everything forgotten.
    func end() {
        if self.isWaiting {
            self.isWaiting = false
            self.runtime?.removeWaiting(self)
        }
        if let context = self.context {
            self.context = nil
            context.finish()
        }
        if let runtime = self.runtime {
            self.runtime = nil
            runtime.streamEnded()
        }
        self.instance = nil
        self.denies = false
        self.sawRequest = false
        self.dropHeld()
    }

    /// Forgets what is held of both directions.
    func dropHeld() {
        if self.request.isTouched { self.request.reset() }
        if self.response.isTouched { self.response.reset() }
        self.requestBody.clear()
        self.responseBody.clear()
    }

    // MARK: Callbacks; nil: the plugin is out (failed, or not there)

    func headers(_ direction: Direction, endOfStream: Bool) -> CallbackResult<HeadersStatus>? {
        if direction == .request { self.sawRequest = true }
        guard let context = self.activeContext() else { return nil }
        return direction == .request
            ? context.onRequestHeaders(endOfStream: endOfStream) : context.onResponseHeaders(endOfStream: endOfStream)
    }

    /// The plugin wants to see bodies of that direction.
    func handlesBody(_ direction: Direction) -> Bool {
        self.context?.handlesBody(direction == .request ? .request : .response) ?? false
    }

    func data(_ direction: Direction, endOfStream: Bool) -> CallbackResult<DataStatus>? {
        guard let context = self.context else { return nil }
        return direction == .request
            ? context.onRequestBody(size: self.requestBody.count, endOfStream: endOfStream)
            : context.onResponseBody(size: self.responseBody.count, endOfStream: endOfStream)
    }

    func released(_ direction: Direction) {
        self.context?.released(direction == .request ? .request : .response)
    }

    /// The VM is dead: this stream goes on without the plugin (fail-open) or is answered by the caller.
    func detachFailed() {
        self.context = nil
        if let runtime = self.runtime {
            self.runtime = nil
            if self.isWaiting { runtime.removeWaiting(self) }
            self.isWaiting = false
            runtime.streamEnded()
        }
    }

    var isFailOpen: Bool { self.instance?.failStrategy == .open }

    func setWaiting() {
        guard !self.isWaiting, let runtime = self.runtime else { return }
        self.isWaiting = true
        runtime.addWaiting(self)
    }

    func clearWaiting() {
        guard self.isWaiting else { return }
        self.isWaiting = false
        self.runtime?.removeWaiting(self)
    }

    func vmFailedWhileWaiting() {
        guard self.isActive else { return }
        self.isWaiting = false
        self.stream.filterFailed(self, resume: true)
    }

    // MARK: StreamHost

    func headerMap(_ type: MapType) -> HeaderMap? {
        switch type {
        case .requestHeaders: self.stream.requestHeaders
        case .responseHeaders: self.stream.responseStarted ? self.stream.responseHeaders : nil
        case .requestTrailers: self.stream.requestTrailers
        case .responseTrailers: self.stream.responseTrailers
        default: nil
        }
    }

    func makeTrailers(_ type: MapType) -> HeaderMap? { self.stream.makeTrailers(type) }

    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? {
        switch type {
        case .httpRequestBody: self.requestBody
        case .httpResponseBody: self.responseBody
        default: nil
        }
    }

    func property(_ path: PropertyPath, into value: inout [UInt8]) -> Status {
        StreamProperties.get(path, of: self.stream, into: &value)
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8]) -> Status {
        self.stream.setProperty(path, value)
    }

    func requestHeadersChanged() { self.stream.clearRouteCache() }

    func continueStream(_ type: StreamType) {
        switch type {
        case .request: self.stream.resume(.request, at: self)
        case .response: self.stream.resume(.response, at: self)
        case .downstream, .upstream: break
        }
    }

    func closeStream() { self.stream.reset(details: "wasm_close_stream") }

    func sendLocalResponse(_ response: LocalResponse) {
        self.instance?.localResponses &+= 1
        self.stream.sendLocalResponse(response, from: self)
    }
}

@available(*, unavailable)
extension WasmFilter: Sendable {}
