import NIOCore
import ProxyWasm

/// What the router, the last filter of the request, knows of one stream.
struct RouterState {
    var virtualHost: VirtualHost?
    var route: Route?
    var routeResolved = false
    var destination: Route.Destination?
    var cluster: ClusterPool?
    var endpoint: EndpointPool?
    var connection: UpstreamConnection?
    var isConnecting = false
    var attempts = 0
    /// The request's headers are through the chain; its head waits to be written with what follows.
    var headPending = false
    var headWritten = false
    var framing: HTTP1OutgoingFraming = .none
    /// Body bytes still owed when `framing` is `.length`.
    var remaining = 0
    var requestSent = false
    /// Bytes for an upstream that is not connected yet.
    var pending = ByteBuffer()
    var timeout: Scheduled<Void>?
    var upstreamAddress: SocketAddress?
    var startMonotonic: UInt64 = 0
    var firstByteMonotonic: UInt64 = 0

    mutating func reset() { self = RouterState() }

    mutating func clearRoute() {
        guard !self.headPending, !self.headWritten else { return }
        self.routeResolved = false
        self.virtualHost = nil
        self.route = nil
    }

    /// Gives up what is under way upstream.
    mutating func release(_ stream: HTTPStream) {
        self.timeout?.cancel()
        self.timeout = nil
        self.isConnecting = false
        self.headPending = false
        if let connection = self.connection {
            self.connection = nil
            connection.abandon()
        }
    }
}
