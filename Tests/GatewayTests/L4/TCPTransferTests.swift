import Dispatch
import Gateway
import ProxyWasm
import Synchronization
import TestSupport
import Testing

/// Many bytes, slow readers, the end of the process.
struct TCPTransferTests {
    static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    @Test("large transfers arrive whole, with and without a plugin", arguments: [false, true])
    func large(_ hasPlugin: Bool) async throws {
        let plugins = hasPlugin ? [TestPlugin([.downstreamData: "", .upstreamData: ""])] : []
        let bytes = Self.pattern(8 << 20)
        let gateway = try await TCPGateway(
            plugins,
            upstream: { peer in
                let all = try peer.receiveAll(deadline: .seconds(120))
                try peer.send(all)
                peer.end()
            })
        let result = await TCPTalk.onThread {
            let client = try TCPPeer(port: gateway.port)
            defer { client.close() }
            try client.send(bytes)
            client.end()
            return try client.receiveAll(deadline: .seconds(120)) == bytes
        }
        let traffic = await gateway.status().traffic
        await gateway.shutDown()
        #expect(try result.get())
        #expect(traffic.tcpReceivedBytes == 8 << 20)
        #expect(traffic.tcpSentBytes == 8 << 20)
        #expect(traffic.tcpConnectionsOpened == 1)
    }

    @Test("a client that does not read keeps the server from being read")
    func backPressure() async throws {
        let gateway = try await TCPGateway(
            [TestPlugin([.upstreamData: ""])],
            upstream: { peer in
                // Far more than sockets and channels hold.
                try peer.socket.send([UInt8](repeating: 7, count: 64 << 20), deadline: .seconds(120))
                peer.end()
            })
        let result = await TCPTalk.onThread {
            let client = try TCPPeer(port: gateway.port)
            defer { client.close() }
            // The first bytes show that it flows; then nothing is read until the gateway has stopped taking more.
            _ = try client.receive(exactly: 1)
            var last: UInt64 = 0
            var same = 0
            try poll(
                "the flow stops",
                isTrue: {
                    let now = Self.sent(gateway)
                    same = now == last ? same + 1 : 0
                    last = now
                    return same > 20
                })
            let stopped = last
            let rest = try client.receiveAll(deadline: .seconds(120)).count
            return (stopped, rest)
        }
        await gateway.shutDown()
        let (stopped, rest) = try result.get()
        #expect(stopped < 48 << 20)
        #expect(rest == (64 << 20) - 1)
    }

    /// Bytes that the gateway has passed to clients.
    private static func sent(_ gateway: TCPGateway) -> UInt64 {
        let done = DispatchSemaphore(value: 0)
        let box = Mutex<UInt64>(0)
        Task {
            let value = await gateway.status().traffic.tcpSentBytes
            box.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        return box.withLock { $0 }
    }

    @Test("draining waits for connections, then closes them and tells the plugins")
    func drains() async throws {
        let gateway = try await TCPGateway([TestPlugin(ConnectionConformanceTests.life)])
        let result = await TCPTalk.onThread {
            let client = try TCPPeer(port: gateway.port)
            try client.send("hello")
            return (client.socket, try client.receive(exactly: 5).count)
        }
        _ = try result.get()
        await gateway.shutDown()
        #expect(
            gateway.guestLines()
                == ["create 2", "new 2", "down 5 0", "up 5 0", "down-close 1", "done", "log", "delete"])
    }

    @Test("a connection keeps the configuration it began with")
    func keepsGeneration() async throws {
        let gateway = try await TCPGateway([TestPlugin([.downstreamData: "(call $say {old})"])])
        let first = await TCPTalk.onThread {
            let client = try TCPPeer(port: gateway.port)
            try client.send("a")
            _ = try client.receive(exactly: 1)
            return client.socket
        }
        let socket = try first.get()
        try await gateway.apply([TestPlugin([.downstreamData: "(call $say {new})"])])
        let second = await TCPTalk.onThread {
            let old = TCPPeer(socket)
            try old.send("b")
            _ = try old.receive(exactly: 1)
            let new = try TCPPeer(port: gateway.port)
            try new.send("c")
            _ = try new.receive(exactly: 1)
            new.close()
            old.close()
        }
        _ = try second.get()
        await gateway.shutDown()
        #expect(gateway.guestLines().prefix(3) == ["old", "old", "new"])
    }
}
