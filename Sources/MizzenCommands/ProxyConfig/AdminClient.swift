import Gateway
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a running gateway's admin pages.
struct AdminClient {
    /// Largest answer that is read.
    static let maximumBytes = 64 << 20

    let address: HostPort

    /// The body of a 200 answer, or an error that says what came instead.
    func request(_ method: HTTPMethod, _ uri: String) async throws -> [UInt8] {
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.next().makePromise(of: Answer.self)
        let head = self.head(method, uri)
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(promise: promise, maximumBytes: Self.maximumBytes))
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: self.address.host, port: self.address.port).get()
        } catch {
            promise.fail(error)
            throw CommandFailure(
                "no gateway answers at \(self.address): is `mizzen run` running, with this --admin-address? (\(error))"
            )
        }
        let timeout = channel.eventLoop.scheduleTask(in: .seconds(30)) { channel.close(promise: nil) }
        defer { timeout.cancel() }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        let answer: Answer
        do {
            answer = try await promise.futureResult.get()
        } catch {
            throw CommandFailure("\(self.address): \(uri): the answer broke off: \(error)")
        }
        guard answer.status == .ok else {
            let text = String(decoding: answer.body.readableBytesView.prefix(500), as: UTF8.self)
            throw CommandFailure("\(self.address): \(uri): \(answer.status): \(text)")
        }
        return Array(answer.body.readableBytesView)
    }

    private func head(_ method: HTTPMethod, _ uri: String) -> HTTPRequestHead {
        var headers: HTTPHeaders = ["host": self.address.description, "connection": "close"]
        if method == .POST { headers.add(name: "content-length", value: "0") }
        return HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
    }

    private struct Answer: Sendable {
        var status: HTTPResponseStatus
        var body: ByteBuffer
    }

    private enum Failure: Error, CustomStringConvertible {
        case closed, tooLarge
        var description: String {
            switch self {
            case .closed: "the connection closed or took too long"
            case .tooLarge: "it is larger than \(AdminClient.maximumBytes) bytes"
            }
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart

        private let promise: EventLoopPromise<Answer>
        private let maximumBytes: Int
        private var status = HTTPResponseStatus.ok
        private var body = ByteBuffer()

        init(promise: EventLoopPromise<Answer>, maximumBytes: Int) {
            self.promise = promise
            self.maximumBytes = maximumBytes
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .head(let head): self.status = head.status
            case .body(var bytes):
                guard self.body.readableBytes + bytes.readableBytes <= self.maximumBytes else {
                    self.promise.fail(Failure.tooLarge)
                    return context.close(promise: nil)
                }
                self.body.writeBuffer(&bytes)
            case .end:
                self.promise.succeed(Answer(status: self.status, body: self.body))
                context.close(promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.promise.fail(error)
            context.close(promise: nil)
        }

        // Fails the promise when nothing settled it before; a settled one stays.
        func channelInactive(context: ChannelHandlerContext) { self.promise.fail(Failure.closed) }
    }
}
