import NIOCore
import NIOHPACK
package import NIOHTTP2
import NIOPosix
package import NIOSSL
import Synchronization

/// A client that speaks HTTP/2 frame by frame, for tests: what it sends and when is the test's to say. Calls block.
package final class HTTP2Client: Sendable {
    /// What came on one stream.
    package struct Answer: Sendable {
        package var head: [HTTPHead.Field] = []
        package var body: [UInt8] = []
        package var trailers: [HTTPHead.Field] = []
        /// How the stream ended, if not with its last frame.
        package var reset: HTTP2ErrorCode?
        package var isComplete = false

        package var status: Int { Int(self["%status"] ?? "") ?? 0 }

        package subscript(name: String) -> String? {
            let name = name == "%status" ? ":status" : name
            return self.head.first { $0.name == name }?.value
        }
    }

    fileprivate struct State {
        var answers: [HTTP2StreamID: Answer] = [:]
        var isClosed = false
        var goAway: HTTP2ErrorCode?
    }

    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private let channel: any Channel
    fileprivate let state: Recorder
    private let nextStream = Mutex(1)

    /// Connects with prior knowledge, or over TLS with ALPN `h2`.
    package init(port: Int, tls: NIOSSLContext? = nil, serverName: String? = nil) throws {
        let recorder = Recorder()
        self.state = recorder
        self.channel = try ClientBootstrap(group: Self.group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: serverName))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        NIOHTTP2Handler(mode: .client, headerBlockValidation: .disabled))
                    try channel.pipeline.syncOperations.addHandler(HTTP2ClientHandler(recorder))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .wait()
    }

    package func close() { try? self.channel.close().wait() }

    package var isClosed: Bool { self.state.value.withLock { $0.isClosed } }
    package var goAway: HTTP2ErrorCode? { self.state.value.withLock { $0.goAway } }

    /// Begins a stream.
    package func begin(_ fields: [(String, String)], end: Bool = false) throws -> HTTP2StreamID {
        let id = HTTP2StreamID(
            self.nextStream.withLock { next in
                defer { next += 2 }
                return next
            })
        try self.write(id, .headers(.init(headers: HPACKHeaders(fields), endStream: end)))
        return id
    }

    /// The usual pseudo-headers, then the others.
    package static func request(
        _ method: String = "GET", _ path: String = "/a", _ fields: [(String, String)] = []
    ) -> [(String, String)] {
        [(":method", method), (":scheme", "http"), (":authority", "t"), (":path", path)] + fields
    }

    package func send(_ id: HTTP2StreamID, _ body: String, end: Bool = false) throws {
        try self.write(id, .data(.init(data: .byteBuffer(ByteBuffer(string: body)), endStream: end)))
    }

    package func sendTrailers(_ id: HTTP2StreamID, _ fields: [(String, String)]) throws {
        try self.write(id, .headers(.init(headers: HPACKHeaders(fields), endStream: true)))
    }

    package func reset(_ id: HTTP2StreamID) throws { try self.write(id, .rstStream(.cancel)) }

    /// Waits for the stream's end.
    package func answer(_ id: HTTP2StreamID) throws -> Answer {
        try poll(
            "the end of stream \(id)",
            isTrue: {
                self.state.value.withLock {
                    $0.answers[id]?.isComplete == true || $0.answers[id]?.reset != nil || $0.isClosed
                }
            })
        return self.soFar(id)
    }

    package func soFar(_ id: HTTP2StreamID) -> Answer { self.state.value.withLock { $0.answers[id] ?? Answer() } }

    /// A whole exchange.
    package func exchange(_ fields: [(String, String)], body: String? = nil) throws -> Answer {
        let id = try self.begin(fields, end: body == nil)
        if let body { try self.send(id, body, end: true) }
        return try self.answer(id)
    }

    private func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) throws {
        let channel = self.channel
        try channel.eventLoop.submit {
            channel.pipeline.syncOperations.writeAndFlush(
                NIOAny(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
        }.wait()
    }
}

private final class Recorder: Sendable {
    let value = Mutex(HTTP2Client.State())
}

private final class HTTP2ClientHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let recorder: Recorder

    init(_ recorder: Recorder) { self.recorder = recorder }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        let id = frame.streamID
        self.recorder.value.withLock { state in
            switch frame.payload {
            case .headers(let headers):
                let fields = headers.headers.map { HTTPHead.Field(name: $0.name, value: $0.value) }
                if fields.first?.name == ":status" {
                    state.answers[id, default: HTTP2Client.Answer()].head = fields
                } else {
                    state.answers[id, default: HTTP2Client.Answer()].trailers = fields
                }
                if headers.endStream { state.answers[id]?.isComplete = true }
            case .data(let body):
                if case .byteBuffer(let buffer) = body.data {
                    state.answers[id, default: HTTP2Client.Answer()].body += Array(buffer.readableBytesView)
                }
                if body.endStream { state.answers[id]?.isComplete = true }
            case .rstStream(let code):
                state.answers[id, default: HTTP2Client.Answer()].reset = code
            case .goAway(_, let code, _):
                state.goAway = code
            default:
                break
            }
        }
        if case .data(let body) = frame.payload, body.data.readableBytes > 0 {
            for target in [id, .rootStream] where target == .rootStream || !body.endStream {
                context.write(
                    self.wrapOutboundOut(
                        HTTP2Frame(
                            streamID: target, payload: .windowUpdate(windowSizeIncrement: body.data.readableBytes))),
                    promise: nil)
            }
            context.flush()
        }
    }

    func channelInactive(context: ChannelHandlerContext) { self.recorder.value.withLock { $0.isClosed = true } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
