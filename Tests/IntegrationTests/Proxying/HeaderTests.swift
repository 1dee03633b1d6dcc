import TestSupport
import Testing

@Suite("Proxying: headers and connections", .timeLimit(.minutes(3)))
struct HeaderTests {
    private func proxied(
        _ headers: [String], script: @escaping UpstreamServer.Script = { try $0.replyWithTarget() }
    ) throws -> (UpstreamRequest, RawHTTP.Response) {
        let upstream = try UpstreamServer(script: script)
        defer { upstream.stop() }
        return try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let response = try gateway.get("/h", headers: headers)
            return (try upstream.request, response)
        }
    }

    @Test func connectionsAreKeptAliveOnBothSides() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            for index in 0..<20 {
                let response = try connection.exchange("POST", "/\(index)", body: Payload.bytes(index * 100))
                #expect(response.text == "POST /\(index)")
            }
            #expect(upstream.requests.count == 20)
            #expect(upstream.connections == 1)
        }
    }

    @Test func hopByHopHeadersStopAtTheGateway() throws {
        let (request, response) = try self.proxied(
            [
                "connection: x-foo, keep-alive", "x-foo: 1", "keep-alive: timeout=5", "proxy-connection: keep-alive",
                "upgrade: foo", "te: trailers, gzip", "x-stays: yes",
            ],
            script: {
                try $0.reply(headers: [
                    "connection: x-bar, keep-alive", "x-bar: 1", "keep-alive: timeout=9", "x-kept: yes",
                ])
            })
        for name in ["x-foo", "keep-alive", "proxy-connection", "upgrade"] {
            #expect(request[name] == nil, "\(name) reached the upstream")
        }
        #expect(request["te"] == nil || request["te"] == "trailers")
        #expect(request["connection"]?.contains("x-foo") != true)
        #expect(request["x-stays"] == "yes")
        for name in ["x-bar", "keep-alive"] {
            #expect(response[name] == nil, "\(name) reached the client")
        }
        #expect(response["x-kept"] == "yes")
    }

    @Test func theClientsAddressIsAppendedToForwardedFor() throws {
        let (alone, _) = try self.proxied([])
        #expect(alone["x-forwarded-for"] == "127.0.0.1")
        let (chain, _) = try self.proxied(["x-forwarded-for: 192.0.2.7"])
        let addresses = chain.head.all("x-forwarded-for").joined(separator: ",").split(separator: ",")
        #expect(addresses.map { $0.trimmingSpaces() } == ["192.0.2.7", "127.0.0.1"])
    }

    @Test func theSchemeIsForwarded() throws {
        let (request, _) = try self.proxied([])
        #expect(request["x-forwarded-proto"] == "http")
    }

    @Test func aRequestIdIsMadeAndAGivenOneIsKept() throws {
        let (made, _) = try self.proxied([])
        let (other, _) = try self.proxied([])
        #expect((made["x-request-id"] ?? "").count >= 16)
        #expect(made["x-request-id"] != other["x-request-id"])
        let (kept, _) = try self.proxied(["x-request-id: 6f4c3f0e-0000-4000-8000-000000000001"])
        #expect(kept.head.all("x-request-id") == ["6f4c3f0e-0000-4000-8000-000000000001"])
    }

    @Test func theHostAndTheQueryReachTheUpstreamUnchanged() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        try MizzenProcess.run(YAML.routeAll(to: upstream)) { gateway throws in
            let target = "/a%2Fb/%20c;d=1?q=%C3%A9&empty=&x=1+2"
            #expect(try gateway.get(target, host: "Shop.Example.test:8080").status == 200)
            #expect(try upstream.request.target == target)
            #expect(try upstream.request["host"]?.lowercased() == "shop.example.test:8080")
        }
    }

    @Test func repeatedHeadersKeepTheirValuesAndOrder() throws {
        let (request, response) = try self.proxied(
            ["x-multi: 1", "cookie: a=1", "x-multi: 2"],
            script: { try $0.reply(headers: ["set-cookie: a=1", "x-r: 1", "set-cookie: b=2"]) })
        #expect(request.head.all("x-multi") == ["1", "2"])
        #expect(request["cookie"] == "a=1")
        #expect(response.head.all("set-cookie") == ["a=1", "b=2"])
    }

    @Test func interimResponsesDoNotDisturbTheFinalOne() throws {
        let (_, response) = try self.proxied(
            [],
            script: { exchange in
                try exchange.request()
                try exchange.send("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n")
                try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            })
        #expect(response.status == 200)
        #expect(response.text == "ok")
    }

    @Test func responsesCarryADate() throws {
        let (_, response) = try self.proxied([])
        #expect(response.head.all("content-length") == ["6"])
        #expect(response.head.all("date").count <= 1)
    }
}
