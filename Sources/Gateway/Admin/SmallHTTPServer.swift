package import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// A request that was read whole.
package struct SmallHTTPRequest: Sendable {
    package var head: HTTPRequestHead
    package var body: ByteBuffer
    package var remoteAddress: SocketAddress?

    package init(head: HTTPRequestHead, body: ByteBuffer = ByteBuffer(), remoteAddress: SocketAddress? = nil) {
        self.head = head
        self.body = body
        self.remoteAddress = remoteAddress
    }
}

package struct SmallHTTPResponse: Sendable {
    package var status: HTTPResponseStatus
    package var headers: HTTPHeaders
    package var body: ByteBuffer

    package init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// An HTTP/1 server for small things (the admin pages, the echo upstream): it reads each request whole, within bounds,
/// and answers it whole. Not on the way of proxied traffic.
package final class SmallHTTPServer: Sendable {
    package struct Limits: Sendable {
        package var bodyBytes = 64 << 10
        package var connections = 256
        /// From the first byte of a request to its last.
        package var requestSeconds: Int64 = 15
        package var idleSeconds: Int64 = 60
        package var threads = 1
        package init() {}
    }

    package typealias Responder = @Sendable (SmallHTTPRequest, any EventLoop) -> EventLoopFuture<SmallHTTPResponse>

    private struct State {
        var server: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var stopping = false
    }

    private let group: MultiThreadedEventLoopGroup
    private let limits: Limits
    private let responder: Responder
    private let state = Mutex(State())

    package init(limits: Limits = Limits(), responder: @escaping Responder) {
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: limits.threads)
        self.limits = limits
        self.responder = responder
    }

    /// The bound address, once `start` returned.
    package var localAddress: SocketAddress? { self.state.withLock { $0.server?.localAddress } }

    package func start(host: String, port: Int) async throws {
        let bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] channel in
                guard self.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        SmallHTTPHandler(limits: self.limits, responder: self.responder)
                    )
                }
            }
        let server = try await bootstrap.bind(host: host, port: port).get()
        self.state.withLock { $0.server = server }
    }

    private func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let admitted = self.state.withLock { state -> Bool in
            guard !state.stopping, state.connections.count < self.limits.connections else { return false }
            state.connections[id] = channel
            return true
        }
        if admitted {
            channel.closeFuture.whenComplete { [weak self] _ in
                _ = self?.state.withLock { $0.connections.removeValue(forKey: id) }
            }
        }
        return admitted
    }

    /// Closes the port and all connections, and ends the threads.
    package func stop() async {
        let (server, connections) = self.state.withLock { state -> ((any Channel)?, [any Channel]) in
            state.stopping = true
            return (state.server, Array(state.connections.values))
        }
        try? await server?.close().get()
        for connection in connections { try? await connection.close().get() }
        try? await self.group.shutdownGracefully()
    }
}
