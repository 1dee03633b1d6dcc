import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL
import Synchronization

/// An HTTP/1.1 server over TLS that answers `METHOD TARGET`.
package final class TLSHTTPServer: Sendable {
    package let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let seen = Recorder()

    fileprivate final class Recorder: Sendable {
        let requests = Mutex<[String]>([])
    }

    package init(_ tls: NIOSSLContext) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let seen = self.seen
        self.listener = try ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(seen))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .wait()
        self.port = self.listener.localAddress?.port ?? 0
    }

    /// `METHOD TARGET HOST` of each request.
    package var requests: [String] { self.seen.requests.withLock { $0 } }

    package func stop() {
        try? self.listener.close().wait()
        try? self.group.syncShutdownGracefully()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let seen: Recorder
        private var head: HTTPRequestHead?

        init(_ seen: Recorder) { self.seen = seen }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
            case .body:
                break
            case .end:
                guard let head = self.head else { return }
                self.seen.requests.withLock {
                    $0.append("\(head.method) \(head.uri) \(head.headers.first(name: "host") ?? "")")
                }
                let body = ByteBuffer(string: "\(head.method) \(head.uri)")
                let headers: HTTPHeaders = ["content-length": "\(body.readableBytes)"]
                context.write(
                    self.wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))),
                    promise: nil)
                context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
                context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
