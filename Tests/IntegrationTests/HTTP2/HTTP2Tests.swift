import Foundation
import TestSupport
import Testing

@Suite("HTTP/2: on the wire", .timeLimit(.minutes(3)))
struct HTTP2Tests {
    private func withGateway(
        script: @escaping UpstreamServer.Script = { try $0.replyWithTarget() },
        _ body: (MizzenProcess, UpstreamServer) throws -> Void
    ) throws {
        let upstream = try UpstreamServer(script: script)
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in try body(gateway, upstream) }
    }

    @Test func oneListenerServesBothProtocols() throws {
        try self.withGateway { gateway, _ in
            let two = try HTTP2Client(port: gateway.port)
            defer { two.close() }
            let answer = try two.exchange(HTTP2Client.request("GET", "/two"))
            #expect(String(decoding: answer.body, as: UTF8.self) == "GET /two")
            let one = try gateway.connect()
            defer { one.close() }
            try one.send("GET /one HTTP/1.1\r\nhost: t\r\n\r\n")
            #expect(try one.response().text == "GET /one")
        }
    }

    @Test func aRequestUnderWayEndsBeforeTheGatewayDoes() throws {
        let gate = Gate()
        try self.withGateway(script: {
            try gate.wait()
            try $0.replyWithTarget()
        }) { gateway, upstream in
            let client = try HTTP2Client(port: gateway.port)
            defer { client.close() }
            let id = try client.begin(HTTP2Client.request("GET", "/slow"), end: true)
            try poll("the request upstream", isTrue: { upstream.connections == 1 })
            gateway.process.signal(SIGTERM)
            try poll("GOAWAY", isTrue: { client.goAway != nil })
            gate.open()
            #expect(try client.answer(id).status == 200)
            try poll("the end of the connection", isTrue: { client.isClosed })
        }
    }

    /// A client of other people's.
    @Test func curlSpeaksIt() throws {
        try self.withGateway { gateway, _ in
            let curl = Process()
            curl.executableURL = URL(filePath: "/usr/bin/env")
            curl.arguments = [
                "curl", "-s", "--http2-prior-knowledge", "-d", "hello", "-w", " %{http_version} %{http_code}",
                "http://127.0.0.1:\(gateway.port)/c",
            ]
            let output = Pipe()
            curl.standardOutput = output
            try curl.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            curl.waitUntilExit()
            #expect(text == "POST /c 2 200")
        }
    }
}
