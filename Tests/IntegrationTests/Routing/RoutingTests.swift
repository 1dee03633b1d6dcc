import TestSupport
import Testing

@Suite("Routing", .timeLimit(.minutes(3)))
struct RoutingTests {
    /// A request and which of the routes answers it. Each route says its name in the header `x-route`.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let route: String?
        let method: String
        let target: String
        let host: String
        let headers: [String]
        var testDescription: String { self.name }

        init(
            _ name: String, _ target: String, to route: String?, method: String = "GET",
            host: String = "match.test", headers: [String] = []
        ) {
            self.name = name
            self.route = route
            self.method = method
            self.target = target
            self.host = host
            self.headers = headers
        }
    }

    private enum Shared {
        static let upstream = Result { try UpstreamServer() }
        static let gateway = Result {
            let port = try Self.upstream.get().port
            func route(_ name: String, _ match: String, _ extra: String = "") -> String {
                "{name: \(name), match: [\(match)], route: [\(YAML.destination("up.test", port))], "
                    + "headers: {response: {set: {x-route: \(name)}}}\(extra)}"
            }
            func host(_ name: String, _ hosts: [String]) -> String {
                YAML.virtualService(
                    name, hosts: hosts,
                    http: [
                        "{route: [\(YAML.destination("up.test", port))], "
                            + "headers: {response: {set: {x-route: \(name)}}}}"
                    ])
            }
            return try MizzenProcess.start(
                YAML.join(
                    YAML.serviceEntry("up.test", port: port),
                    YAML.virtualService(
                        "matches", hosts: ["match.test"],
                        http: [
                            route("exact", "{uri: {exact: /exact}}"),
                            route("nocase", "{uri: {exact: /NoCase}, ignoreUriCase: true}"),
                            route("prefix", "{uri: {prefix: /prefix/}}"),
                            route("regex", "{uri: {regex: \"/items/[0-9]+\"}}"),
                            route("method", "{uri: {prefix: /method}, method: {exact: DELETE}}"),
                            route("header-exact", "{uri: {prefix: /headers}, headers: {x-kind: {exact: a}}}"),
                            route("header-prefix", "{uri: {prefix: /headers}, headers: {x-kind: {prefix: b}}}"),
                            route("header-regex", "{uri: {prefix: /headers}, headers: {x-kind: {regex: \"c[0-9]\"}}}"),
                            route("header-present", "{uri: {prefix: /headers}, headers: {x-there: {}}}"),
                            route("without", "{uri: {prefix: /headers}, withoutHeaders: {x-kind: {exact: z}}}"),
                            route("query", "{uri: {prefix: /query}, queryParams: {v: {exact: \"2\"}}}"),
                            route("query-regex", "{uri: {prefix: /query}, queryParams: {v: {regex: \"[5-9]+\"}}}"),
                            route("authority", "{uri: {prefix: /authority}, authority: {exact: match.test}}"),
                            route("either", "{uri: {exact: /one}}, {uri: {exact: /two}}"),
                        ]),
                    host("exact-host", ["shop.example.test"]),
                    host("wildcard", ["*.example.test"]),
                    host("longer-wildcard", ["*.eu.example.test"])))
        }
    }

    static let cases: [Case] = [
        Case("exact path", "/exact", to: "exact"),
        Case("exact path with a query", "/exact?a=1", to: "exact"),
        Case("exact path is not a prefix", "/exact/more", to: nil),
        Case("exact path minds the case", "/Exact", to: nil),
        Case("exact path without minding the case", "/nOcASe", to: "nocase"),
        Case("prefix", "/prefix/a/b", to: "prefix"),
        Case("prefix itself", "/prefix/", to: "prefix"),
        Case("prefix cut short", "/prefix", to: nil),
        Case("regex matches the whole path", "/items/42", to: "regex"),
        Case("regex does not match a part", "/items/42/x", to: nil),
        Case("regex ignores the query", "/items/7?x=y", to: "regex"),
        Case("method", "/method", to: "method", method: "DELETE"),
        Case("other method", "/method", to: nil),
        Case("header exact", "/headers", to: "header-exact", headers: ["x-kind: a"]),
        Case("header name in other case", "/headers", to: "header-exact", headers: ["X-KIND: a"]),
        Case("header prefix", "/headers", to: "header-prefix", headers: ["x-kind: bcd"]),
        Case("header regex", "/headers", to: "header-regex", headers: ["x-kind: c7"]),
        Case("header regex is anchored", "/headers", to: "without", headers: ["x-kind: c77"]),
        Case("header present", "/headers", to: "header-present", headers: ["x-kind: z", "x-there: 1"]),
        Case("without the header", "/headers", to: "without"),
        Case("without the value, but it is there", "/headers", to: nil, headers: ["x-kind: z"]),
        Case("query parameter", "/query?a=1&v=2", to: "query"),
        Case("query parameter by regex", "/query?v=77", to: "query-regex"),
        Case("other query parameter", "/query?w=2", to: nil),
        Case("authority", "/authority", to: "authority"),
        Case("first of two matches", "/one", to: "either"),
        Case("second of two matches", "/two", to: "either"),
        Case("exact host", "/x", to: "exact-host", host: "shop.example.test"),
        Case("exact host in other case", "/x", to: "exact-host", host: "SHOP.Example.Test"),
        Case("exact host with a port", "/x", to: "exact-host", host: "shop.example.test:8443"),
        Case("wildcard host", "/x", to: "wildcard", host: "blog.example.test"),
        Case("longer wildcard wins", "/x", to: "longer-wildcard", host: "a.eu.example.test"),
        Case("the wildcard's bare domain", "/x", to: nil, host: "example.test"),
        Case("unknown host", "/x", to: nil, host: "unknown.test"),
    ]

    @Test("the first route whose conditions all hold answers", arguments: cases)
    func matches(_ row: Case) throws {
        let gateway = try Shared.gateway.get()
        let response = try RawHTTP.once(
            port: gateway.port, row.method, row.target, host: row.host, headers: row.headers)
        #expect(response["x-route"] == row.route)
        #expect(response.status == (row.route == nil ? 404 : 200))
        if row.route == nil { #expect(response.body.isEmpty) }
    }

    /// One upstream, one gateway with the given entries of `http`; `{up}` stands for the destination.
    private func routed(
        _ http: String..., body: (MizzenProcess, UpstreamServer) throws -> Void
    ) throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let destination = YAML.destination("up.test", upstream.port)
        let entries = http.map {
            $0.split(separator: "{up}", omittingEmptySubsequences: false).joined(separator: destination)
        }
        try MizzenProcess.run(
            YAML.join(YAML.serviceEntry("up.test", port: upstream.port), YAML.virtualService(http: entries))
        ) { try body($0, upstream) }
    }

    @Test func weightsOfZeroAndHundredAreHonoured() throws {
        let other = try UpstreamServer { try $0.reply(body: "other") }
        defer { other.stop() }
        let upstream = try UpstreamServer { try $0.reply(body: "chosen") }
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.serviceEntry("a.test", port: other.port), YAML.serviceEntry("b.test", port: upstream.port),
            YAML.virtualService(http: [
                "{route: [\(YAML.destination("a.test", other.port, weight: 0)), "
                    + "\(YAML.destination("b.test", upstream.port, weight: 100))]}"
            ]))
        try MizzenProcess.run(configuration) { gateway throws in
            for _ in 0..<30 { #expect(try gateway.get("/w").text == "chosen") }
            #expect(other.requests.isEmpty)
        }
    }

    @Test func evenWeightsReachBothDestinations() throws {
        let first = try UpstreamServer { try $0.reply(body: "a") }
        let second = try UpstreamServer { try $0.reply(body: "b") }
        defer {
            first.stop()
            second.stop()
        }
        let configuration = YAML.join(
            YAML.serviceEntry("a.test", port: first.port), YAML.serviceEntry("b.test", port: second.port),
            YAML.virtualService(http: [
                "{route: [\(YAML.destination("a.test", first.port, weight: 50)), "
                    + "\(YAML.destination("b.test", second.port, weight: 50))]}"
            ]))
        try MizzenProcess.run(configuration) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            for _ in 0..<200 { #expect(try connection.exchange("GET", "/w").status == 200) }
            #expect(first.requests.count > 40)
            #expect(second.requests.count > 40)
        }
    }

    @Test func aRewriteReplacesThePrefixAndKeepsTheQuery() throws {
        try self.routed(
            "{match: [{uri: {prefix: /old/}}], rewrite: {uri: /new/}, route: [{up}]}",
            "{match: [{uri: {exact: /page}}], rewrite: {uri: /index.html, authority: inner.test}, route: [{up}]}",
            "{match: [{uri: {prefix: /v1}}], rewrite: {uri: /}, route: [{up}]}"
        ) { gateway, upstream throws in
            #expect(try gateway.get("/old/a/b?q=1&r=%20").text == "GET /new/a/b?q=1&r=%20")
            #expect(try gateway.get("/page?x").text == "GET /index.html?x")
            #expect(upstream.requests.last?["host"] == "inner.test")
            #expect(["GET /users", "GET //users"].contains(try gateway.get("/v1/users").text))
        }
    }

    @Test func aRedirectNamesTheNewPlaceAndNeedsNoUpstream() throws {
        try self.routed(
            "{match: [{uri: {prefix: /full}}], redirect: {uri: /new, authority: other.test, redirectCode: 302}}",
            "{match: [{uri: {prefix: /host}}], redirect: {authority: other.test}}",
            "{match: [{uri: {prefix: /secure}}], redirect: {scheme: https}}"
        ) { gateway, upstream throws in
            let full = try gateway.get("/full/a?q=1")
            #expect(full.status == 302)
            #expect(full["location"] == "http://other.test/new")
            let host = try gateway.get("/host/a?q=1")
            #expect(host.status == 301)
            #expect(host["location"] == "http://other.test/host/a?q=1")
            #expect(try gateway.get("/secure").head["location"] == "https://mizzen.test/secure")
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func aDirectResponseNeedsNoUpstream() throws {
        try self.routed(
            "{directResponse: {status: 418, body: {string: \"short and stout\"}}, "
                + "headers: {response: {set: {content-type: text/plain}}}}"
        ) { gateway, upstream throws in
            // Answered before the body is read: the connection may end with it.
            let response = try gateway.send("POST", "/tea", body: Payload.bytes(10_000))
            #expect(response.status == 418)
            #expect(response.text == "short and stout")
            let connection = try gateway.connect()
            defer { connection.close() }
            #expect(try connection.exchange("HEAD", "/tea").status == 418)
            #expect(try connection.exchange("GET", "/tea").text == "short and stout")
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func headerOperationsSetAddAndRemove() throws {
        try self.routed(
            "{route: [{up}], headers: {request: {set: {x-set: new}, add: {x-add: more}, remove: [x-drop]}, "
                + "response: {set: {content-type: text/special}, add: {x-extra: \"1\"}, remove: [x-none]}}}"
        ) { gateway, upstream throws in
            let response = try gateway.get("/ops", headers: ["x-set: old", "x-add: one", "x-drop: 1"])
            let request = try upstream.request
            #expect(request.head.all("x-set") == ["new"])
            #expect(request.head.all("x-add").joined(separator: ",") == "one,more")
            #expect(request["x-drop"] == nil)
            #expect(response.head.all("content-type") == ["text/special"])
            #expect(response["x-extra"] == "1")
        }
    }

    @Test func anUnknownDestinationIsA503WhileOtherRoutesServe() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.serviceEntry("up.test", port: upstream.port),
            YAML.virtualService(http: [
                "{match: [{uri: {prefix: /lost}}], route: [\(YAML.destination("nowhere.test", 80))]}",
                "{route: [\(YAML.destination("up.test", upstream.port))]}",
            ]))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try gateway.get("/lost").status == 503)
            #expect(try gateway.get("/found").status == 200)
        }
    }

    @Test func endpointsMayListenOnAnotherPortThanTheService() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let entry = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: up, namespace: edge}
            spec:
              hosts: [up.test]
              resolution: STATIC
              ports: [{number: 80, name: http, protocol: HTTP}]
              endpoints: [{address: 127.0.0.1, ports: {http: \(upstream.port)}}]
            """
        let configuration = YAML.join(
            entry, YAML.virtualService(http: ["{route: [{destination: {host: up.test}}]}"]))
        try MizzenProcess.run(configuration) { gateway throws in
            #expect(try gateway.get("/mapped").text == "GET /mapped")
        }
    }

    @Test func requestsAreSpreadOverEndpoints() throws {
        let first = try UpstreamServer { try $0.reply(body: "a") }
        let second = try UpstreamServer { try $0.reply(body: "b") }
        defer {
            first.stop()
            second.stop()
        }
        let entry = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: up, namespace: edge}
            spec:
              hosts: [up.test]
              resolution: STATIC
              ports: [{number: 80, name: http, protocol: HTTP}]
              endpoints:
              - {address: 127.0.0.1, ports: {http: \(first.port)}}
              - {address: 127.0.0.1, ports: {http: \(second.port)}}
            """
        let configuration = YAML.join(
            entry, YAML.virtualService(http: ["{route: [{destination: {host: up.test, port: {number: 80}}}]}"]))
        try MizzenProcess.run(configuration) { gateway throws in
            let answers = try (0..<20).map { _ in try gateway.get("/spread").text }
            #expect(Set(answers) == ["a", "b"])
        }
    }
}
