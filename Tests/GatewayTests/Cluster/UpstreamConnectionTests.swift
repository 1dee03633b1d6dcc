import NIOCore
import NIOEmbedded
import ProxyWasm
import Testing

@testable import Gateway

/// A connection to an upstream while writes are gathered to the end of the loop's tick.
struct UpstreamConnectionTests {
    private final class Receiver: UpstreamReceiver {
        let upstreamHeaders = HeaderMap()
        var statuses: [Int] = []
        var isFailed = false
        func upstreamConnected(_ connection: UpstreamConnection) {}
        func upstreamConnected(_ exchange: HTTP2Exchange) {}
        func upstreamTrailers(_ trailers: HeaderMap) {}
        func upstreamResponse(_ head: HTTP1Head, endOfStream: Bool) { self.statuses.append(head.status) }
        func upstreamData(_ data: ByteBuffer, endOfStream: Bool) {}
        func upstreamReadComplete() {}
        func upstreamFailed(_ failure: UpstreamFailure) { self.isFailed = true }
        func upstreamWritable(_ writable: Bool) {}
    }

    private struct Setup {
        let loop = EmbeddedEventLoop()
        let worker: Worker
        let connection: UpstreamConnection
        let channel: EmbeddedChannel
        let receiver = Receiver()

        init(activeStreams: UInt64) throws {
            self.worker = Worker(
                index: 0, eventLoop: self.loop, options: GatewayOptions(workers: 1), log: GatewayLog(),
                services: SharedServices(), accessLog: nil)
            self.worker.statistics.requestsActive = activeStreams
            let endpoint = EndpointConfiguration(address: "127.0.0.1", port: 1)
            let cluster = ClusterConfiguration(name: "c", host: "c", port: 1, endpoints: [endpoint])
            self.connection = UpstreamConnection(
                endpoint: EndpointPool(endpoint: endpoint, configuration: cluster, worker: self.worker),
                worker: self.worker)
            self.channel = EmbeddedChannel(handler: self.connection, loop: self.loop)
            try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        func request() {
            self.connection.begin(self.receiver, isHead: false)
            self.connection.write(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
            self.connection.requestEnded()
            self.connection.flush()
        }

        func answer() throws {
            try self.channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))
        }
    }

    @Test func aLoneRequestLeavesAtOnce() throws {
        let setup = try Setup(activeStreams: 1)
        setup.request()
        #expect(try setup.channel.readOutbound(as: ByteBuffer.self) != nil)
    }

    @Test func oneOfManyLeavesAtTheEndOfTheTick() throws {
        let setup = try Setup(activeStreams: 10)
        setup.request()
        #expect(try setup.channel.readOutbound(as: ByteBuffer.self) == nil)
        setup.loop.run()
        #expect(try setup.channel.readOutbound(as: ByteBuffer.self) != nil)
        try setup.answer()
        #expect(setup.receiver.statuses == [200] && !setup.receiver.isFailed)
    }

    /// A response that nobody asked for must not become the answer of a request that has not left yet.
    @Test func bytesBeforeTheRequestAreNobodysAnswer() throws {
        let setup = try Setup(activeStreams: 10)
        setup.request()
        try setup.answer()
        #expect(setup.receiver.statuses.isEmpty && setup.receiver.isFailed)
        #expect(!setup.connection.isOpen)
        setup.loop.run()
        #expect(setup.receiver.statuses.isEmpty)
    }
}
