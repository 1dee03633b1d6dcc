import NIOCore
import ProxyWasm

/// One plugin in one stream's chain. Fills `StreamHost`: what the plugin sees and does from its place.
/// Reused from request to request of a connection.
final class WasmFilter: StreamHost {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    /// The stream owns its filters; a filter is never used without it.
    unowned(unsafe) let stream: HTTPStream
    let index: Int
    // The stream's maps, at hand without the stream; it owns both.
    private let requestHeaders: Unmanaged<HeaderMap>
    private let responseHeaders: Unmanaged<HeaderMap>
    /// Not counted: the stream keeps the generation, and that its instances, until the filter's end.
    @exclusivity(unchecked) private var instanceReference: Unmanaged<PluginInstance>?
    /// Not counted: a root with streams keeps itself, also one that has been replaced.
    @exclusivity(unchecked) private var rootReference: Unmanaged<PluginRoot>?
    /// The plugin has `proxy_on_log`.
    @exclusivity(unchecked) private var logs = false
    private let context = StreamContext()
    /// The plugin knows the stream.
    @exclusivity(unchecked) private var hasContext = false
    /// The plugin is not running and its failStrategy says closed.
    @exclusivity(unchecked) private(set) var denies = false
    /// The request's headers got here: the plugin takes part in the response, too.
    @exclusivity(unchecked) private(set) var sawRequest = false
    @exclusivity(unchecked) var request = FilterDirection()
    @exclusivity(unchecked) var response = FilterDirection()
    // Made for the first body that the plugin wants to see, and kept.
    @exclusivity(unchecked) private var requestBodyIfAny: StreamBody?
    @exclusivity(unchecked) private var responseBodyIfAny: StreamBody?
    @exclusivity(unchecked) private var holdsBodies = false
    @exclusivity(unchecked) private var isWaiting = false
    /// One of the two directions has been written to since the filter was last clean.
    @exclusivity(unchecked) var holdsSomething = false

    init(stream: HTTPStream, index: Int) {
        self.stream = stream
        self.index = index
        self.requestHeaders = Unmanaged.passUnretained(stream.requestHeaders)
        self.responseHeaders = Unmanaged.passUnretained(stream.responseHeaders)
    }

    var instance: PluginInstance? { self.instanceReference?.takeUnretainedValue() }
    private var root: PluginRoot? { self.rootReference?.takeUnretainedValue() }

    var requestBody: StreamBody {
        self.holdsBodies = true
        if let body = self.requestBodyIfAny { return body }
        let body = StreamBody(pool: self.stream.worker.buffers)
        self.requestBodyIfAny = body
        return body
    }

    var responseBody: StreamBody {
        self.holdsBodies = true
        if let body = self.responseBodyIfAny { return body }
        let body = StreamBody(pool: self.stream.worker.buffers)
        self.responseBodyIfAny = body
        return body
    }

    // MARK: Life in one stream

    func begin(_ instance: Unmanaged<PluginInstance>) {
        self.instanceReference = instance
        instance._withUnsafeGuaranteedRef { instance in
            instance.requests &+= 1
            if let root = instance.healthyRoot {
                self.use(root)
                return
            }
            switch instance.admit() {
            case .serve(let root):
                self.use(Unmanaged.passUnretained(root))
            case .skip:
                break
            case .deny:
                self.denies = true
            }
        }
    }

    @inline(__always)
    private func use(_ root: Unmanaged<PluginRoot>) {
        self.rootReference = root
        root._withUnsafeGuaranteedRef { root in
            root.streamBegan()
            self.logs = root.logs
        }
    }

    /// The plugin's callbacks run for this stream.
    var isActive: Bool { self.rootReference != nil }

    /// Makes the plugin know the stream; false when there is no plugin to know it.
    @inline(__always)
    private func beginContext() -> Bool {
        if self.hasContext { return true }
        guard let root = self.rootReference?._withUnsafeGuaranteedRef({ $0.rootReference }) else { return false }
        self.hasContext = true
        root._withUnsafeGuaranteedRef { root in
            self.requestHeaders._withUnsafeGuaranteedRef { requestHeaders in
                self.responseHeaders._withUnsafeGuaranteedRef { responseHeaders in
                    root.begin(
                        self.context, host: self, requestHeaders: requestHeaders, responseHeaders: responseHeaders)
                }
            }
        }
        return true
    }

    func onLog() {
        // A plugin that has not seen the stream yet hears of it now; one that does not log has nothing to do.
        guard self.logs || !self.hasContext, self.isActive, self.beginContext() else { return }
        self.context.onLog()
    }

    /// `on_done`, `on_delete`, and everything forgotten.
    func end() {
        if self.isWaiting {
            self.isWaiting = false
            self.root?.removeWaiting(self)
        }
        if self.hasContext {
            self.hasContext = false
            self.context.finish()
        }
        if let root = self.rootReference {
            self.rootReference = nil
            root._withUnsafeGuaranteedRef { $0.streamEnded() }
        }
        self.instanceReference = nil
        self.denies = false
        self.sawRequest = false
        self.dropHeld()
    }

    /// Forgets what is held of both directions.
    func dropHeld() {
        if self.holdsSomething {
            self.holdsSomething = false
            if self.request.isTouched { self.request.reset() }
            if self.response.isTouched { self.response.reset() }
        }
        guard self.holdsBodies else { return }
        self.holdsBodies = false
        self.requestBodyIfAny?.clear()
        self.responseBodyIfAny?.clear()
    }

    // MARK: Callbacks; nil: the plugin is out (failed, or not there)

    func headers(_ direction: Direction, endOfStream: Bool) -> CallbackResult<HeadersStatus>? {
        if direction == .request { self.sawRequest = true }
        guard self.beginContext() else { return nil }
        return direction == .request
            ? self.context.onRequestHeaders(endOfStream: endOfStream)
            : self.context.onResponseHeaders(endOfStream: endOfStream)
    }

    /// The plugin wants to see bodies of that direction.
    func handlesBody(_ direction: Direction) -> Bool {
        self.hasContext && self.context.handlesBody(direction == .request ? .request : .response)
    }

    func data(_ direction: Direction, endOfStream: Bool) -> CallbackResult<DataStatus>? {
        guard self.hasContext else { return nil }
        return direction == .request
            ? self.context.onRequestBody(size: self.requestBody.count, endOfStream: endOfStream)
            : self.context.onResponseBody(size: self.responseBody.count, endOfStream: endOfStream)
    }

    func trailers(_ direction: Direction) -> CallbackResult<TrailersStatus>? {
        guard self.hasContext else { return nil }
        return direction == .request ? self.context.onRequestTrailers() : self.context.onResponseTrailers()
    }

    func released(_ direction: Direction) {
        if self.hasContext { self.context.released(direction == .request ? .request : .response) }
    }

    /// The VM is dead: this stream goes on without the plugin (fail-open) or is answered by the caller.
    func detachFailed() {
        if self.hasContext {
            self.hasContext = false
            self.context.abandon()
        }
        if let root = self.root {
            self.rootReference = nil
            if self.isWaiting { root.removeWaiting(self) }
            self.isWaiting = false
            root.streamEnded()
        }
    }

    var isFailOpen: Bool { self.instance?.failStrategy == .open }

    func setWaiting() {
        guard !self.isWaiting, let root = self.root else { return }
        self.isWaiting = true
        root.addWaiting(self)
    }

    func clearWaiting() {
        guard self.isWaiting else { return }
        self.isWaiting = false
        self.root?.removeWaiting(self)
    }

    /// As far as neither direction waits any more.
    func settleWaiting() {
        if self.isWaiting, !self.request.isPaused, !self.response.isPaused { self.clearWaiting() }
    }

    func vmFailedWhileWaiting() {
        guard self.isActive else { return }
        self.isWaiting = false
        self.stream.filterFailed(self, in: nil)
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

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        StreamAttributes.get(path, of: self.stream, into: &attribute)
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        self.stream.setProperty(path, value, as: declaration)
    }

    func setFilterState(_ name: [UInt8], _ value: [UInt8], span: PropertyDeclaration.Span) -> Status {
        self.stream.setFilterState(name, value, span: span)
    }

    func clearRouteCache() { self.stream.clearRouteCache() }

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
