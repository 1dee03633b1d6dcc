import NIOCore
import ProxyWasm

/// What a stream asks of the client's side, whichever HTTP that speaks.
protocol DownstreamConnection: ConnectionFacts {
    var isHTTP10: Bool { get }
    var isHTTP2: Bool { get }
    /// Whose routes and plugins the requests meet.
    var filterChainName: String { get }
    /// Nil: no TLS.
    var security: ConnectionSecurity? { get }
    /// The peer wants the connection closed after this response, or we do.
    var closesAfterResponse: Bool { get }
    func writeHead(_ map: HeaderMap, status: Int, framing: HTTP1OutgoingFraming, forHead: Bool)
    func writeBody(_ data: ByteBuffer)
    func writeEnd(trailers: HeaderMap?)
    func flush()
    func setReadsPaused(_ paused: Bool)
    /// The response is complete.
    func streamEnded(requestComplete: Bool)
    /// Close without (the rest of) an answer.
    func streamReset()
}

extension DownstreamConnection {
    var tls: TLSInfo? { self.security?.info }
}

/// One HTTP request and its response on their way through the filter chain.
/// Belongs to a connection and is reused for its next request.
final class HTTPStream {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    let worker: Worker
    /// The connection owns the stream and ends it when it closes: an active stream always has its connection.
    unowned(unsafe) let downstream: any DownstreamConnection
    /// TLS ends at the listener: `https`.
    let isSecure: Bool
    let requestHeaders = HeaderMap()
    let responseHeaders = HeaderMap()
    @exclusivity(unchecked) var requestTrailers: HeaderMap?
    @exclusivity(unchecked) var responseTrailers: HeaderMap?
    @exclusivity(unchecked) private(set) var filters = FilterList()
    @exclusivity(unchecked) private(set) var filterCount = 0
    @exclusivity(unchecked) private var generation: WorkerGeneration
    /// The generation's listener of this connection; nil when it has left the configuration.
    @exclusivity(unchecked) private(set) var listener: WorkerListener?
    // The last destination's cluster: mostly the next request's, too.
    @exclusivity(unchecked) private var knownDestination: Route.Destination?
    @exclusivity(unchecked) private var knownCluster: ClusterPool?
    /// Changes with every request: what was scheduled for an earlier one finds it changed.
    @exclusivity(unchecked) private(set) var serial: UInt64 = 0
    @exclusivity(unchecked) private(set) var isActive = false

    // Request
    @exclusivity(unchecked) var requestEndsWithHeaders = false
    /// The client's last byte has arrived.
    @exclusivity(unchecked) var requestEnded = false
    /// Request iteration is over: answered locally, or the response is complete.
    @exclusivity(unchecked) var requestStopped = false
    @exclusivity(unchecked) var requestBodyChanged = false
    @exclusivity(unchecked) var isHead = false
    @exclusivity(unchecked) var requestMinorVersion = 1
    /// Bytes of body received and sent, for log and properties.
    @exclusivity(unchecked) var requestBytes: UInt64 = 0
    @exclusivity(unchecked) var responseBytes: UInt64 = 0

    // Response
    @exclusivity(unchecked) var responseStarted = false
    /// Changes when another response takes the place of the one whose walk is under way.
    @exclusivity(unchecked) var responseWalk = 0
    /// A local response, on its way through the response filters.
    @exclusivity(unchecked) var isLocalResponse = false
    @exclusivity(unchecked) var responseEndsWithHeaders = false
    @exclusivity(unchecked) var responseBodyChanged = false
    /// The filters are done with the head; it waits to be written with what follows.
    @exclusivity(unchecked) var responseHeadPending = false
    @exclusivity(unchecked) var responseHeadWritten = false
    @exclusivity(unchecked) var responseFraming: HTTP1OutgoingFraming = .none
    /// Body bytes still owed when `responseFraming` is `.length`.
    @exclusivity(unchecked) var responseRemaining = 0
    @exclusivity(unchecked) var responseComplete = false

    // Routing and upstream
    let router = RouterState()

    // Facts for log and properties
    @exclusivity(unchecked) var startMonotonic: UInt64 = 0
    @exclusivity(unchecked) var startWall: UInt64 = 0
    @exclusivity(unchecked) var status = 0
    @exclusivity(unchecked) var details: [UInt8] = []
    @exclusivity(unchecked) var flags: StaticString = "-"
    @exclusivity(unchecked) var originalPath: [UInt8] = []
    /// What plugins have stored for this stream.
    @exclusivity(unchecked) var properties = FilterState()
    @exclusivity(unchecked) var objects = FilterState()

    init(worker: Worker, downstream: any DownstreamConnection) {
        self.worker = worker
        self.downstream = downstream
        self.isSecure = downstream.security?.isTerminated ?? false
        self.generation = worker.generation
        self.listener = worker.generation.listener(downstream.filterChainName)
    }

    // MARK: Begin and end

    /// Between requests: from now on the worker's newest configuration.
    private func adoptGeneration() {
        guard self.generation !== self.worker.generation else { return }
        self.generation = self.worker.generation
        self.listener = self.generation.listener(self.downstream.filterChainName)
        self.knownDestination = nil
        self.knownCluster = nil
    }

    func cluster(of destination: Route.Destination) -> ClusterPool? {
        if self.knownDestination === destination { return self.knownCluster }
        self.knownDestination = destination
        self.knownCluster = self.worker.cluster(named: destination.cluster)
        return self.knownCluster
    }

    /// `requestHeaders` has been filled by the codec.
    func begin(_ head: HTTP1Head) {
        self.serial = self.worker.nextStreamID
        self.worker.nextStreamID &+= 1
        self.isActive = true
        self.adoptGeneration()
        self.startMonotonic = Clock.monotonic()
        self.startWall = Clock.wall()
        self.worker.statistics.requestsTotal &+= 1
        self.worker.statistics.requestsActive &+= 1
        self.requestMinorVersion = head.minorVersion
        self.requestEndsWithHeaders = head.framing == .none
        self.requestEnded = self.requestEndsWithHeaders
        self.isHead = self.requestHeaders.first(":method")?.equals("HEAD") == true
        self.prepareRequestHeaders()

        self.filterCount = 0
        if let listener = self.listener, listener.pluginCount > 0 {
            self.filterCount = listener.pluginCount
            self.filters.reserve(listener.pluginCount, of: self)
            for index in 0..<listener.pluginCount {
                self.filters.reference(index)._withUnsafeGuaranteedRef { $0.begin(listener.plugin(index)) }
            }
        }
        self.runHeaders(.request, from: 0)
    }

    /// Log, `on_log`, `on_done`, `on_delete`, counters; then the stream is free for the next request.
    private func end() {
        guard self.isActive else { return }
        self.isActive = false
        self.requestStopped = true
        self.router.release()
        let duration = Clock.monotonic() &- self.startMonotonic
        self.worker.statistics.requestsActive &-= 1
        self.worker.statistics.record(status: self.status, durationNanoseconds: duration)
        AccessLog.write(self, durationNanoseconds: duration)
        for index in 0..<self.filterCount {
            self.filters.reference(index)._withUnsafeGuaranteedRef { $0.onLog() }
        }
        for index in 0..<self.filterCount {
            self.filters.reference(index)._withUnsafeGuaranteedRef { $0.end() }
        }
        self.forget()
    }

    private func forget() {
        self.filterCount = 0
        self.requestHeaders.removeAll()
        self.responseHeaders.removeAll()
        self.requestTrailers = nil
        self.responseTrailers = nil
        self.adoptGeneration()
        self.serial = 0
        self.requestEndsWithHeaders = false
        self.requestStopped = false
        self.requestBodyChanged = false
        self.requestBytes = 0
        self.responseBytes = 0
        self.responseStarted = false
        self.isLocalResponse = false
        self.responseEndsWithHeaders = false
        self.responseBodyChanged = false
        self.responseHeadPending = false
        self.responseHeadWritten = false
        self.responseFraming = .none
        self.responseRemaining = 0
        self.responseComplete = false
        self.router.reset()
        self.status = 0
        if !self.details.isEmpty { self.details = [] }
        self.flags = "-"
        if !self.originalPath.isEmpty { self.originalPath = [] }
        if !self.properties.isEmpty { self.properties = FilterState() }
        if !self.objects.isEmpty { self.objects = FilterState() }
    }

    /// The response has left completely.
    func finishResponse() {
        guard self.isActive, !self.responseComplete else { return }
        self.responseComplete = true
        let requestComplete = self.requestEnded
        self.end()
        self.downstream.streamEnded(requestComplete: requestComplete)
    }

    /// Give up: the connection closes without (the rest of) an answer.
    func reset(details: StaticString) {
        guard self.isActive else { return }
        if self.details.isEmpty { self.setDetails(details) }
        self.end()
        self.downstream.streamReset()
    }

    /// The client is gone, or, over HTTP/2, has reset the stream.
    func downstreamClosed(details: StaticString = "downstream_remote_disconnect") {
        guard self.isActive else { return }
        if !self.responseHeadWritten { self.status = 0 }
        self.flags = "DC"
        self.setDetails(details)
        self.end()
    }

    /// As in the request line, for logs and properties.
    var protocolName: StaticString {
        if self.downstream.isHTTP2 { return "HTTP/2" }
        return self.requestMinorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1"
    }

    func setDetails(_ text: StaticString) {
        self.details = Array(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    // MARK: Small operations for the filters

    func makeTrailers(_ type: MapType) -> HeaderMap? {
        switch type {
        case .requestTrailers:
            if self.requestTrailers == nil { self.requestTrailers = HeaderMap() }
            return self.requestTrailers
        case .responseTrailers:
            if self.responseTrailers == nil { self.responseTrailers = HeaderMap() }
            return self.responseTrailers
        default:
            return nil
        }
    }

    func clearRouteCache() { self.router.clearRoute() }
}

@available(*, unavailable)
extension HTTPStream: Sendable {}
