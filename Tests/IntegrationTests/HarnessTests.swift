import Glibc
import TestSupport
import Testing

/// The harness against itself: what it sends arrives byte by byte, so a failure elsewhere is the gateway's.
@Suite("The harness", .timeLimit(.minutes(1)))
struct HarnessTests {
    @Test func clientAndUpstreamUnderstandEachOther() throws {
        let upstream = try UpstreamServer { exchange in
            let request = try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            try exchange.send(Payload.chunked(request.body, size: 1000))
        }
        defer { upstream.stop() }
        let payload = Payload.bytes(3 << 20)
        let connection = try RawHTTP(port: upstream.port)
        for _ in 0..<2 {
            let response = try connection.exchange("POST", "/echo", body: payload)
            #expect(Payload.equal(response.body, payload))
            #expect(response.framing == .chunked)
        }
        #expect(upstream.connections == 1)
        #expect(upstream.requests.map(\.target) == ["/echo", "/echo"])
        connection.close()
        try poll("the upstream notices", isTrue: { upstream.openConnections == 0 })
    }

    @Test func anEarlyCloseIsAnErrorAndNotAnEnd() throws {
        let upstream = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello")
            exchange.close()
        }
        defer { upstream.stop() }
        #expect(throws: HarnessError.self) { try RawHTTP.once(port: upstream.port, "GET", "/") }
    }

    @Test func aStoppedUpstreamRefusesConnections() throws {
        let upstream = try UpstreamServer()
        upstream.stop()
        try poll("the port is closed", isTrue: { (try? Socket.connect(port: upstream.port)) == nil })
    }

    @Test func aChildsOutputAndEndAreSeen() throws {
        let child = try ChildProcess("/bin/sh", ["-c", "echo out; echo err >&2; exit 7"])
        #expect(try child.waitForExit() == 7)
        #expect(child.standardOutput == ["out"])
        #expect(child.standardError == ["err"])
        let stubborn = try ChildProcess("/bin/sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
        try poll("the trap is set", isTrue: { stubborn.standardOutput == ["ready"] })
        stubborn.signal(SIGTERM)
        #expect(stubborn.isRunning)
        stubborn.signal(SIGKILL)
        try poll("it is gone", isTrue: { !stubborn.isRunning })
    }
}
