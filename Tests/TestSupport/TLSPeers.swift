import NIOCore
import NIOPosix
package import NIOSSL
import Synchronization

/// A TLS client that blocks: exact bytes out, exact bytes in.
package final class TLSClient: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isOver = false
        var error: String?
        var isReady = false
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let client: TLSClient
        init(_ client: TLSClient) { self.client = client }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = self.unwrapInboundIn(data)
            self.client.state.withLock { $0.bytes += bytes.readableBytesView }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { self.client.state.withLock { $0.isOver = true } }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) { self.client.state.withLock { $0.isOver = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.client.state.withLock { if $0.error == nil { $0.error = "\(error)" } }
            context.close(promise: nil)
        }
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    /// Connects; the handshake goes on meanwhile, and what it comes to shows in `receive`.
    package init(
        port: Int, serverName: String?, authority: String, certificate: IssuedCertificate? = nil,
        maximumVersion: TLSVersion? = nil, applicationProtocols: [String] = []
    ) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        configuration.maximumTLSVersion = maximumVersion
        configuration.applicationProtocols = applicationProtocols
        if serverName == nil { configuration.certificateVerification = .noHostnameVerification }
        if let certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.certificate.utf8))
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem))
        }
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
                    try operations.addHandler(Collector(self))
                }
            }
            .connect(host: "127.0.0.1", port: port).wait()
        self.channel.withLock { $0 = channel }
    }

    /// What ended the connection, if it was not in order.
    package var error: String? { self.state.withLock { $0.error } }

    package func send(_ text: String) { self.send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) {
        self.channel.withLock { $0 }?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Exactly so many bytes; fewer when the stream ends before.
    package func receive(exactly count: Int) throws -> [UInt8] {
        try poll("\(count) bytes over TLS", isTrue: { self.state.withLock { $0.bytes.count >= count || $0.isOver } })
        return self.state.withLock { state in
            let bytes = Array(state.bytes.prefix(count))
            state.bytes.removeFirst(bytes.count)
            return bytes
        }
    }

    /// Everything up to the end of the stream.
    package func receiveAll() throws -> [UInt8] {
        try poll("the end of the TLS stream", isTrue: { self.state.withLock { $0.isOver } })
        return try self.receive(exactly: .max)
    }

    /// Says "no more from me", keeps reading.
    package func end() { self.channel.withLock { $0 }?.close(mode: .output, promise: nil) }
    package func close() { self.channel.withLock { $0 }?.close(promise: nil) }
}

/// A server that ends TLS and sends back what it gets.
package final class TLSEchoServer: Sendable {
    private final class Echo: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private let channel: any Channel
    package let port: Int

    package init(_ certificate: IssuedCertificate) throws {
        let context = try certificate.serverContext()
        self.channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.addHandler(Echo())
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        self.port = self.channel.localAddress?.port ?? 0
    }

    package func stop() { self.channel.close(promise: nil) }
}
