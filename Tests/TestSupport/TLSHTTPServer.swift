import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL
import Synchronization

/// An HTTP/1.1 server over TLS that answers `METHOD TARGET`, or what it is told to.
package final class TLSHTTPServer: Sendable {
    package struct Answer: Sendable {
        package var status: Int
        package var headers: [String: String]
        package var body: String

        package init(_ status: Int = 200, headers: [String: String] = [:], body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    package let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let seen = Recorder()

    fileprivate final class Recorder: Sendable {
        let requests = Mutex<[String]>([])
    }

    /// `answer` has `METHOD TARGET`.
    package init(
        _ tls: NIOSSLContext, answer: @escaping @Sendable (String) -> Answer = { Answer(body: $0) }
    ) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let seen = self.seen
        self.listener = try ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(seen, answer))
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

        private let answer: @Sendable (String) -> Answer

        init(_ seen: Recorder, _ answer: @escaping @Sendable (String) -> Answer) {
            self.seen = seen
            self.answer = answer
        }

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
                let answer = self.answer("\(head.method) \(head.uri)")
                let body = ByteBuffer(string: answer.body)
                var headers: HTTPHeaders = ["content-length": "\(body.readableBytes)"]
                for (name, value) in answer.headers { headers.add(name: name, value: value) }
                let status = HTTPResponseStatus(statusCode: answer.status)
                context.write(
                    self.wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
                    promise: nil)
                context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
                context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
