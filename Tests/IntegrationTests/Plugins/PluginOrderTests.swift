import TestSupport
import Testing

@Suite("Plugins: order", .timeLimit(.minutes(3)))
struct PluginOrderTests {
    /// A chain of `order` plugins in front of an echoing upstream; gives what the request and the response carry.
    private func orders(
        _ plugins: [(name: String, phase: String?, priority: Int?)]
    ) throws -> (request: String?, response: String?) {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let module = try Repository.plugin("order")
        let resources = plugins.map { plugin in
            YAML.wasmPlugin(
                plugin.name, module: module, config: "{\"name\": \"\(plugin.name)\"}", phase: plugin.phase,
                priority: plugin.priority)
        }
        return try MizzenProcess.run(YAML.join([YAML.routeAll(to: upstream)] + resources)) { gateway throws in
            let response = try gateway.get("/order")
            #expect(response.status == 200)
            return (try upstream.request["x-order"], response["x-order"])
        }
    }

    @Test func higherPriorityRunsFirstOnTheRequestAndLastOnTheResponse() throws {
        let (request, response) = try self.orders([("low", "AUTHN", 1), ("high", "AUTHN", 10)])
        #expect(request == "high,low")
        #expect(response == "low,high")
    }

    @Test func phasesRunInTheirOrderWhateverThePriorities() throws {
        let (request, response) = try self.orders([
            ("unspecified", nil, 1000), ("stats", "STATS", 500), ("authz", "AUTHZ", 10), ("authn", "AUTHN", 1),
        ])
        #expect(request == "authn,authz,stats,unspecified")
        #expect(response == "unspecified,stats,authz,authn")
    }

    @Test func anAbsentPriorityCountsAsZeroAndTiesGoByName() throws {
        let (request, _) = try self.orders([
            ("d-below", "AUTHN", -5), ("c-zero", "AUTHN", 0), ("b-none", "AUTHN", nil), ("a-above", "AUTHN", 5),
        ])
        #expect(request == "a-above,b-none,c-zero,d-below")
    }

    @Test func pluginsSeeLocalResponsesOfLaterOnesButNotOfEarlierOnes() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let order = try Repository.plugin("order")
        let configuration = YAML.join(
            YAML.routeAll(to: upstream),
            YAML.wasmPlugin("before", module: order, config: "{\"name\": \"before\"}", priority: 30),
            YAML.wasmPlugin("denies", module: try Repository.plugin("local_response"), priority: 20),
            YAML.wasmPlugin("after", module: order, config: "{\"name\": \"after\"}", priority: 10))
        try MizzenProcess.run(configuration) { gateway throws in
            let denied = try gateway.get("/deny")
            #expect(denied.status == 403)
            #expect(denied.text == "denied in request\n")
            #expect(denied["x-denied"] == "request")
            #expect(denied.head.all("x-multi") == ["1", "2"])
            #expect(denied["x-order"] == "before")
            #expect(upstream.requests.isEmpty)

            let passed = try gateway.get("/pass")
            #expect(passed["x-order"] == "after,before")
            #expect(try upstream.request["x-order"] == "before,after")
        }
    }

    @Test func localResponsesFromBodyAndResponseCallbacksReachTheClient() throws {
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream),
            YAML.wasmPlugin("denies", module: try Repository.plugin("local_response")))
        try MizzenProcess.run(configuration) { gateway throws in
            let connection = try gateway.connect()
            defer { connection.close() }
            let inBody = try connection.exchange("POST", "/deny-body", body: Array("hello".utf8))
            #expect(inBody.status == 403)
            #expect(inBody.text == "denied in body\n")

            let inResponse = try gateway.get("/deny-response")
            #expect(inResponse.status == 403)
            #expect(inResponse.text == "denied in response\n")
            #expect(inResponse["x-denied"] == "response")

            let empty = try gateway.get("/deny-empty")
            #expect(empty.status == 403)
            #expect(empty.body.isEmpty)
            #expect(try gateway.get("/pass").text == "GET /pass")
        }
    }
}
