import HTTPTypes
import Hummingbird
import HummingbirdTesting
import InMemoryLogging
import Logging
import NIOCore
import ProxyWasm
import Testing

@testable import ProxyWasmMiddleware

@Suite struct MiddlewareTests {
    @Test func requestAndResponseHeadersAreThePluginsToChange() async throws {
        let (application, _) = try await TestPlugins.application(try TestPlugins.plugin("headers", "blue"))
        try await application.test(.live) { client in
            try await client.execute(uri: "/headers?x=1", method: .get, headers: [.accept: "text/plain"]) { response in
                #expect(response.status == .ok)
                #expect(response.headers[HTTPField.Name("x-plugin")!] == "blue")
                let lines = String(buffer: response.body).split(separator: "\n")
                #expect(lines.contains("x-mizzen-path: /headers?x=1"))
                #expect(lines.contains { $0.lowercased() == "accept: text/plain" })
            }
        }
    }

    @Test func pluginSeesTheRoutersNotFoundToo() async throws {
        let (application, _) = try await TestPlugins.application(try TestPlugins.plugin("headers", "blue"))
        try await application.test(.live) { client in
            let response = try await client.execute(uri: "/nowhere", method: .get)
            #expect(response.status == .notFound)
            #expect(response.headers[HTTPField.Name("x-plugin")!] == "blue")
        }
    }

    @Test(arguments: [
        (#"{"request":"upper"}"#, "ABC"), (#"{"response":"append","text":"!"}"#, "abc!"),
        (#"{"request":"prepend","response":"append","text":"+"}"#, "+abc+"),
        (#"{"request":"replace","response":"pass","text":""}"#, ""), ("{}", "abc"),
    ])
    func bodiesAreThePluginsToChange(configuration: String, expected: String) async throws {
        let (application, _) = try await TestPlugins.application(try TestPlugins.plugin("body", configuration))
        try await application.test(.live) { client in
            // Twice: what is left over of a body would be taken for a head.
            for _ in 0..<2 {
                let response = try await client.execute(uri: "/echo", method: .post, body: ByteBuffer(string: "abc"))
                #expect(response.status == .ok)
                #expect(String(buffer: response.body) == expected)
            }
        }
    }

    @Test func longBodyWithinTheLimitPassesWhole() async throws {
        let (application, _) = try await TestPlugins.application(
            try TestPlugins.plugin("body", #"{"request":"upper"}"#))
        try await application.test(.live) { client in
            let body = ByteBuffer(repeating: UInt8(ascii: "a"), count: 900_000)
            let response = try await client.execute(uri: "/echo", method: .post, body: body)
            #expect(response.body == ByteBuffer(repeating: UInt8(ascii: "A"), count: 900_000))
        }
    }

    @Test func requestBodyOverTheLimitIs413() async throws {
        var plugin = try TestPlugins.plugin("body", #"{"request":"upper"}"#)
        plugin.bodyLimit = 1000
        let (application, _) = try await TestPlugins.application(plugin)
        try await application.test(.live) { client in
            let body = ByteBuffer(repeating: 0x61, count: 1001)
            let response = try await client.execute(uri: "/echo", method: .post, body: body)
            #expect(response.status == .contentTooLarge)
        }
    }

    @Test(arguments: [
        ("/deny", "request", "denied in request\n"), ("/deny-empty", "request", ""),
        ("/deny-body", "body", "denied in body\n"), ("/deny-response", "response", "denied in response\n"),
    ])
    func localResponseEndsTheRequest(path: String, phase: String, body: String) async throws {
        let (application, _) = try await TestPlugins.application(try TestPlugins.plugin("local_response"))
        try await application.test(.live) { client in
            let isBody = phase == "body"
            let response = try await client.execute(
                uri: path, method: isBody ? .post : .get, body: isBody ? ByteBuffer(string: "x") : nil)
            #expect(response.status == .forbidden)
            #expect(response.headers[HTTPField.Name("x-denied")!] == phase)
            #expect(response.headers[values: HTTPField.Name("x-multi")!] == ["1", "2"])
            #expect(String(buffer: response.body) == body)
        }
    }

    @Test func pausedRequestGoesOnWithTheAnswerOfAnHTTPCall() async throws {
        let auth = Router()
        auth.get("check") { request, _ in
            Response(status: request.headers[HTTPField.Name("x-for")!] == "/headers" ? .accepted : .badRequest)
        }
        try await Application(router: auth).test(.live) { upstream in
            var plugin = try TestPlugins.plugin("callout", #"{"cluster":"auth","timeout":5000}"#)
            plugin.clusters = ["auth": "http://127.0.0.1:\(try #require(upstream.port))"]
            let (application, _) = try await TestPlugins.application(plugin)
            try await application.test(.live) { client in
                let response = try await client.execute(uri: "/headers", method: .get)
                #expect(String(buffer: response.body).contains("x-callout-status: 202\n"))
            }
        }
    }

    @Test func answerOfAnHTTPCallMayBecomeTheResponse() async throws {
        let auth = Router()
        auth.get("check") { _, _ in
            Response(status: .unauthorized, body: ResponseBody(byteBuffer: ByteBuffer(string: "no")))
        }
        try await Application(router: auth).test(.live) { upstream in
            var plugin = try TestPlugins.plugin("callout", #"{"cluster":"auth","timeout":5000,"then":"respond"}"#)
            plugin.clusters = ["auth": "http://127.0.0.1:\(try #require(upstream.port))"]
            let (application, _) = try await TestPlugins.application(plugin)
            try await application.test(.live) { client in
                let response = try await client.execute(uri: "/headers", method: .get)
                #expect(response.status == .unauthorized)
                #expect(String(buffer: response.body) == "no")
            }
        }
    }

    @Test(arguments: [
        // Nothing listens there; there is no such cluster.
        ("auth", "x-callout-status: failed\n"), ("nobody", "x-callout-status: refused-2\n"),
    ])
    func callThatCannotBeMadeIsReported(cluster: String, expected: String) async throws {
        var plugin = try TestPlugins.plugin("callout", #"{"cluster":"\#(cluster)","timeout":300}"#)
        plugin.clusters = ["auth": "http://127.0.0.1:1"]
        let (application, _) = try await TestPlugins.application(plugin)
        try await application.test(.live) { client in
            let response = try await client.execute(uri: "/headers", method: .get)
            #expect(String(buffer: response.body).contains(expected))
        }
    }

    @Test func tickResumesWhatThePluginHolds() async throws {
        let (application, _) = try await TestPlugins.application(try TestPlugins.plugin("tick", #"{"period":5}"#))
        try await application.test(.live) { client in
            for _ in 0..<3 {
                let response = try await client.execute(uri: "/headers", method: .get)
                #expect(String(buffer: response.body).contains("x-tick: "))
            }
        }
    }

    @Test func pauseHasALimit() async throws {
        var plugin = try TestPlugins.plugin("tick", #"{"period":3600000}"#)
        plugin.pauseLimit = .milliseconds(50)
        let (application, middleware) = try await TestPlugins.application(plugin)
        try await application.test(.live) { client in
            let response = try await client.execute(uri: "/headers", method: .get)
            #expect(response.status == .gatewayTimeout)
        }
        #expect(try await eventually { await middleware.streamCount() == 0 })
    }

    @Test func linesOfThePluginGoToTheLogger() async throws {
        let handler = InMemoryLogHandler()
        let plugin = try TestPlugins.plugin("log", "blue", logger: Logger(label: "test") { _ in handler })
        let (application, _) = try await TestPlugins.application(plugin)
        try await application.test(.live) { client in
            _ = try await client.execute(uri: "/hello", method: .get)
        }
        let lines = handler.entries.map { "\($0.level) \($0.message)" }
        // The logger's level is info: debug and trace never leave the VM.
        #expect(
            lines == [
                "info configured with blue", "info level 2", "warning level 3", "error level 4", "critical level 5",
                "info to stdout", "error to stderr",
            ])
        #expect(handler.entries.allSatisfy { $0.metadata["plugin"] == "log" })
    }
}
