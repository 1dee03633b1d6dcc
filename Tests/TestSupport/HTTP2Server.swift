import NIOCore
import NIOHPACK
package import NIOHTTP2
import NIOPosix
package import NIOSSL
import NIOTLS
import Synchronization

/// An HTTP/2 server whose script sees every stream and does as it likes, over clear text (prior knowledge) or TLS.
/// Shares no code with the gateway but the protocol package, whose own multiplexer it uses.
package final class HTTP2Server: Sendable {
    /// What one stream brought.
    package struct Request: Sendable {
        package var fields: [(name: String, value: String)] = []
        package var body: [UInt8] = []
        package var trailers: [(name: String, value: String)] = []
        /// The peer has ended its side.
        package var isEnded = false
        /// The peer has reset the stream.
        package var reset: HTTP2ErrorCode?
        /// Counts connections from 0.
        package var connection = 0

        package subscript(name: String) -> String? { self.fields.first { $0.name == name }?.value }
        package var path: String { self[":path"] ?? "" }

        /// Whole gRPC messages of the body.
        package var messages: [[UInt8]] {
            var result: [[UInt8]] = []
            var rest = self.body[...]
            while rest.count >= 5 {
                let size = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
                guard rest.count >= 5 + size else { break }
                result.append(Array(rest.dropFirst(5).prefix(size)))
                rest = rest.dropFirst(5 + size)
            }
            return result
        }
    }

    package enum Event {
        case head
        /// More of the body is in the request.
        case data
        /// The peer has ended its side, or reset the stream.
        case end
    }

    package typealias Script = @Sendable (Stream, Event) -> Void

    fileprivate struct State {
        var requests: [Request] = []
        var connections = 0
        var open: [ObjectIdentifier: any Channel] = [:]
        var sessionNames: [String] = []
    }

    package let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    fileprivate let state = Recorder()

    fileprivate final class Recorder: Sendable {
        let value = Mutex(State())
    }

    /// `maximumStreams`: what the server allows at a time on a connection.
    package init(tls: NIOSSLContext? = nil, maximumStreams: Int = 100, script: @escaping Script) throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let recorder = self.state
        self.listener = try ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = recorder.value.withLock { state -> Int in
                        state.connections += 1
                        state.open[ObjectIdentifier(channel)] = channel
                        return state.connections - 1
                    }
                    channel.closeFuture.whenComplete { _ in
                        recorder.value.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(channel)) }
                    }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    let codec = NIOHTTP2Handler(
                        mode: .server,
                        initialSettings: [
                            HTTP2Setting(parameter: .maxConcurrentStreams, value: maximumStreams),
                            HTTP2Setting(parameter: .maxHeaderListSize, value: 64 << 10),
                        ]
                    )
                    try pipeline.addHandler(codec)
                    try pipeline.addHandler(
                        HTTP2StreamMultiplexer(mode: .server, channel: channel) { child in
                            child.eventLoop.makeCompletedFuture {
                                try child.pipeline.syncOperations.addHandler(
                                    StreamHandler(recorder, script, connection: number))
                            }
                        }
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .wait()
        self.port = self.listener.localAddress?.port ?? 0
    }

    package var requests: [Request] { self.state.value.withLock { $0.requests } }
    package var connections: Int { self.state.value.withLock { $0.connections } }
    package var openConnections: Int { self.state.value.withLock { $0.open.count } }

    package func stop() {
        try? self.listener.close().wait()
        try? self.group.syncShutdownGracefully()
    }

    /// Cuts every connection.
    package func closeConnections() {
        for channel in self.state.value.withLock({ Array($0.open.values) }) { channel.close(promise: nil) }
    }

    /// One stream, for its script; on the server's thread only.
    package final class Stream {
        fileprivate let context: ChannelHandlerContext
        fileprivate let recorder: Recorder
        fileprivate let index: Int
        /// The script's own.
        package var isAnswered = false
        package var seen = 0

        fileprivate init(_ context: ChannelHandlerContext, _ recorder: Recorder, _ index: Int) {
            self.context = context
            self.recorder = recorder
            self.index = index
        }

        package var request: Request { self.recorder.value.withLock { $0.requests[self.index] } }

        package func head(_ fields: [(String, String)], end: Bool = false) {
            self.write(.headers(.init(headers: HPACKHeaders(fields), endStream: end)))
        }

        /// `written`: called when the bytes have been handed to the socket.
        package func data(_ bytes: [UInt8], end: Bool = false, written: (@Sendable () -> Void)? = nil) {
            let payload = HTTP2Frame.FramePayload.data(
                .init(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: end))
            let promise = written.map { _ in self.context.eventLoop.makePromise(of: Void.self) }
            if let written { promise?.futureResult.whenSuccess(written) }
            self.context.writeAndFlush(NIOAny(payload), promise: promise)
        }

        package func trailers(_ fields: [(String, String)]) {
            self.write(.headers(.init(headers: HPACKHeaders(fields), endStream: true)))
        }

        package func reset(_ code: HTTP2ErrorCode = .internalError) { self.write(.rstStream(code)) }

        /// Says that no streams after `last` are looked at.
        package func goAway(last: Int32) {
            self.context.channel.parent?.writeAndFlush(
                HTTP2Frame(
                    streamID: .rootStream,
                    payload: .goAway(lastStreamID: HTTP2StreamID(last), errorCode: .noError, opaqueData: nil)),
                promise: nil)
        }

        package func closeConnection() { self.context.channel.parent?.close(promise: nil) }

        private func write(_ payload: HTTP2Frame.FramePayload) {
            self.context.writeAndFlush(NIOAny(payload), promise: nil)
        }
    }

    private final class StreamHandler: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        typealias OutboundOut = HTTP2Frame.FramePayload

        private let recorder: Recorder
        private let script: Script
        private let connection: Int
        private var stream: Stream?

        init(_ recorder: Recorder, _ script: @escaping Script, connection: Int) {
            self.recorder = recorder
            self.script = script
            self.connection = connection
        }

        private func update(_ change: (inout Request) -> Void) {
            guard let index = self.stream?.index else { return }
            self.recorder.value.withLock { change(&$0.requests[index]) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch self.unwrapInboundIn(data) {
            case .headers(let headers):
                let fields = headers.headers.map { (name: $0.name, value: $0.value) }
                if let stream = self.stream {
                    self.update { $0.trailers = fields }
                    self.ended(stream, headers.endStream)
                    return
                }
                var request = Request()
                request.fields = fields
                request.connection = self.connection
                let index = self.recorder.value.withLock { state -> Int in
                    state.requests.append(request)
                    return state.requests.count - 1
                }
                let stream = Stream(context, self.recorder, index)
                self.stream = stream
                self.script(stream, .head)
                self.ended(stream, headers.endStream)
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data, let stream = self.stream else { return }
                self.update { $0.body += Array(bytes.readableBytesView) }
                if bytes.readableBytes > 0 { self.script(stream, .data) }
                self.ended(stream, data.endStream)
            case .rstStream(let code):
                self.update { $0.reset = code }
                if let stream = self.stream { self.script(stream, .end) }
            default:
                break
            }
        }

        private func ended(_ stream: Stream, _ isEnd: Bool) {
            guard isEnd else { return }
            self.update { $0.isEnded = true }
            self.script(stream, .end)
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? StreamClosedEvent, let code = event.reason {
                self.update { if $0.reset == nil { $0.reset = code } }
            }
            context.fireUserInboundEventTriggered(event)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

@available(*, unavailable)
extension HTTP2Server.Stream: Sendable {}
