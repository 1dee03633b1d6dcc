import Foundation
import TestSupport
import Testing

@Suite("HTTP/1.1: on the wire", .timeLimit(.minutes(3)))
struct WireTests {
    /// An upstream, a gateway in front of it, and a connection to the gateway.
    private func onConnection(
        script: @escaping UpstreamServer.Script = { try $0.replyWithTarget() },
        _ body: (RawHTTP, MizzenProcess, UpstreamServer) throws -> Void
    ) throws {
        let upstream = try UpstreamServer(script: script)
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            try body(connection, gateway, upstream)
        }
    }

    @Test func absoluteFormIsTakenAndNormalised() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send("GET http://mizzen.test/abs?x=1 HTTP/1.1\r\nhost: other.test\r\n\r\n")
            #expect(try connection.response().status == 200)
            #expect(try upstream.request.target == "/abs?x=1")
            #expect(try upstream.request["host"] == "mizzen.test")
        }
    }

    @Test func absoluteFormWithoutAPathMeansTheRoot() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send("GET http://mizzen.test HTTP/1.1\r\nhost: mizzen.test\r\n\r\n")
            #expect(try connection.response().status == 200)
            #expect(try upstream.request.target == "/")
        }
    }

    @Test func asteriskFormIsTakenForOptions() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send("OPTIONS * HTTP/1.1\r\nhost: mizzen.test\r\n\r\n")
            #expect(try connection.response().status == 200)
            #expect(try upstream.request.target == "*")
        }
    }

    @Test func anEmptyLineBeforeARequestIsForgiven() throws {
        try self.onConnection { connection, _, _ throws in
            try connection.send("\r\nGET /a HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try connection.response().text == "GET /a")
        }
    }

    @Test func aRequestInOneByteSegmentsIsUnderstood() throws {
        try self.onConnection { connection, _, upstream throws in
            for byte
                in "POST /slow HTTP/1.1\r\nHost: x\r\nX-A:  b \r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                .utf8
            {
                try connection.send([byte])
            }
            #expect(try connection.response().text == "POST /slow")
            #expect(try upstream.request["x-a"] == "b")
            #expect(try upstream.request.body == Array("hello".utf8))
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send(
                "GET /1 HTTP/1.1\r\nhost: x\r\n\r\nPOST /2 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc"
                    + "GET /3 HTTP/1.1\r\nhost: x\r\n\r\n")
            for expected in ["GET /1", "POST /2", "GET /3"] {
                #expect(try connection.response().text == expected)
            }
            #expect(upstream.requests.map(\.target) == ["/1", "/2", "/3"])
        }
    }

    @Test func expectContinueGetsItsInterimResponse() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send("POST /e HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
            #expect(try connection.response(skipsInterim: false).status == 100)
            try connection.send("hello")
            let response = try connection.response(skipsInterim: false)
            #expect(response.status == 200)
            #expect(try upstream.request.body == Array("hello".utf8))
        }
    }

    @Test func expectContinueWithTheBodyAtOnceWorksToo() throws {
        try self.onConnection { connection, _, _ throws in
            try connection.send("POST /e HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nhello")
            #expect(try connection.response().status == 200)
            #expect(try connection.exchange("GET", "/next").text == "GET /next")
        }
    }

    @Test func http10GetsAnUnchunkedAnswerAndAClosedConnection() throws {
        let script: UpstreamServer.Script = { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        }
        try self.onConnection(script: script) { connection, _, _ throws in
            try connection.send("GET /old HTTP/1.0\r\nhost: x\r\n\r\n")
            let response = try connection.response()
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response.framing != .chunked)
            #expect(try connection.untilClosed().isEmpty)
        }
    }

    @Test func connectionCloseIsHonoured() throws {
        try self.onConnection { connection, _, _ throws in
            let response = try connection.exchange("GET", "/bye", headers: ["connection: close"])
            #expect(response.status == 200)
            #expect(response["connection"]?.lowercased() == "close")
            #expect(try connection.untilClosed().isEmpty)
        }
    }

    @Test func aClientThatLeavesWithinTheHeadHarmsNobody() throws {
        try self.onConnection { connection, gateway, upstream throws in
            try connection.send("GET /half HTTP/1.1\r\nho")
            connection.close()
            #expect(try gateway.get("/whole").status == 200)
            #expect(upstream.requests.map(\.target) == ["/whole"])
        }
    }

    @Test func aClientThatLeavesWithinTheBodyNeverCompletesTheRequest() throws {
        try self.onConnection { connection, gateway, upstream throws in
            try connection.send("POST /half HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc")
            try poll("the head reaches the upstream", isTrue: { upstream.receivedText.contains("/half") })
            connection.close()
            #expect(try gateway.get("/whole").status == 200)
            try poll("the broken upstream connection closes", isTrue: { upstream.openConnections <= 1 })
            #expect(upstream.requests.map(\.target) == ["/whole"])
        }
    }

    @Test func aClientThatOnlyStopsSendingStillGetsItsAnswer() throws {
        let gate = Gate()
        let script: UpstreamServer.Script = {
            try gate.wait()
            try $0.replyWithTarget()
        }
        try self.onConnection(script: script) { connection, _, upstream throws in
            try connection.request("GET", "/half-closed")
            try poll("the request reaches the upstream", isTrue: { upstream.receivedText.contains("/half-closed") })
            connection.socket.shutdownWrites()
            gate.open()
            // A proxy may also take it for a client that has left; it must not hang.
            let rest = try connection.untilClosed()
            #expect(rest.isEmpty || String(decoding: rest, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func headerNamesMatchInAnyCase() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send("POST /c HTTP/1.1\r\nHOST: x\r\nCONTENT-LENGTH: 2\r\nX-MiXeD: V\r\n\r\nok")
            #expect(try connection.response().status == 200)
            #expect(try upstream.request.body == Array("ok".utf8))
            #expect(try upstream.request["x-mixed"] == "V")
        }
    }

    @Test func equalContentLengthsAreForgivenOrRefusedButNeverForwardedTwice() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send("POST /d HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok")
            let response = try connection.response()
            #expect([200, 400].contains(response.status))
            #expect(upstream.requests.allSatisfy { $0.head.all("content-length") == ["2"] })
        }
    }

    @Test func chunkExtensionsAreIgnored() throws {
        try self.onConnection { connection, _, upstream throws in
            try connection.send(
                "POST /x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0;z\r\n\r\n"
            )
            #expect(try connection.response().status == 200)
            #expect(try upstream.request.body == Array("hello".utf8))
            #expect(try connection.exchange("GET", "/next").status == 200)
        }
    }
}
