import NIOCore
import ProxyWasm

/// What the router, the last filter of the request, knows of one stream.
final class RouterState {
    // Fields belong to one thread, and no access to one spans a call out: no run-time exclusivity checks.

    @exclusivity(unchecked) var virtualHost: VirtualHost?
    @exclusivity(unchecked) var route: Route?
    @exclusivity(unchecked) var routeResolved = false
    /// What `HeaderMap.changes` of the request headers was when the route was looked up.
    @exclusivity(unchecked) var routeChanges: UInt32 = 0
    /// The router has begun: nothing changes the route any more.
    @exclusivity(unchecked) var routeIsFinal = false
    @exclusivity(unchecked) var destination: Route.Destination?
    @exclusivity(unchecked) var cluster: ClusterPool?
    @exclusivity(unchecked) var endpoint: EndpointPool?
    @exclusivity(unchecked) var connection: UpstreamConnection?
    /// In the place of `connection` where the cluster speaks HTTP/2.
    @exclusivity(unchecked) var exchange: HTTP2Exchange?
    @exclusivity(unchecked) var isHTTP2 = false
    /// `pending` still has the whole body sent so far: a stream that the peer refuses can be tried again.
    @exclusivity(unchecked) var canReplay = true
    @exclusivity(unchecked) var connecting: ConnectAttempt?
    @exclusivity(unchecked) var attempts = 0
    /// The request's headers are through the chain; its head waits to be written with what follows.
    @exclusivity(unchecked) var headPending = false
    @exclusivity(unchecked) var headWritten = false
    @exclusivity(unchecked) var framing: HTTP1OutgoingFraming = .none
    /// Body bytes still owed when `framing` is `.length`.
    @exclusivity(unchecked) var remaining = 0
    @exclusivity(unchecked) var requestSent = false
    /// Bytes for an upstream that is not connected yet.
    @exclusivity(unchecked) var pending = ByteBuffer()
    @exclusivity(unchecked) var timeout: Scheduled<Void>?
    @exclusivity(unchecked) var startMonotonic: UInt64 = 0
    @exclusivity(unchecked) var firstByteMonotonic: UInt64 = 0
    /// When the connection was there.
    @exclusivity(unchecked) var readyMonotonic: UInt64 = 0
    // The connection's own end; kept for the log, when the connection is another stream's.
    @exclusivity(unchecked) var localAddressBytes: [UInt8] = []
    @exclusivity(unchecked) var localPort = 0
    /// What was wrong with the transport of the last attempt.
    @exclusivity(unchecked) var transportFailureReason: StaticString?

    func reset() {
        self.virtualHost = nil
        self.route = nil
        self.routeResolved = false
        self.routeIsFinal = false
        self.destination = nil
        self.cluster = nil
        self.endpoint = nil
        self.connection = nil
        self.exchange = nil
        self.isHTTP2 = false
        self.canReplay = true
        self.connecting?.cancel()
        self.connecting = nil
        self.attempts = 0
        self.headPending = false
        self.headWritten = false
        self.framing = .none
        self.remaining = 0
        self.requestSent = false
        // Keeps its memory when nobody shares it.
        self.pending.clear()
        self.timeout = nil
        self.startMonotonic = 0
        self.firstByteMonotonic = 0
        self.readyMonotonic = 0
        if self.localPort != 0 {
            self.localAddressBytes = []
            self.localPort = 0
        }
        self.transportFailureReason = nil
    }

    /// A connection is there, with this end of ours.
    @inline(__always)
    func connected(_ localAddressBytes: [UInt8], _ localPort: Int) {
        // One from the pool was ready at once.
        self.readyMonotonic = self.connecting == nil ? self.startMonotonic : Clock.monotonic()
        self.connecting = nil
        self.localAddressBytes = localAddressBytes
        self.localPort = localPort
    }

    func clearRoute() {
        guard !self.routeIsFinal else { return }
        self.routeResolved = false
        self.virtualHost = nil
        self.route = nil
    }

    /// Gives up what is under way upstream.
    func release() {
        self.timeout?.cancel()
        self.timeout = nil
        self.connecting?.cancel()
        self.connecting = nil
        self.headPending = false
        if let connection = self.connection {
            self.connection = nil
            connection.abandon()
        } else if let exchange = self.exchange {
            self.exchange = nil
            exchange.abandon()
        }
    }

    /// Back-pressure from whoever takes the response.
    func setReadsPaused(_ paused: Bool) {
        if let connection = self.connection {
            connection.setReadsPaused(paused)
        } else if let exchange = self.exchange {
            exchange.setReadsPaused(paused)
        }
    }
}

@available(*, unavailable)
extension RouterState: Sendable {}
