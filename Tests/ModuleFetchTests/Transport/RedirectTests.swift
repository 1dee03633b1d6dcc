import Foundation
import ModuleFetch
import NIOHTTP1
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct RedirectTests {
    @Test(arguments: [301, 302, 303, 307, 308])
    func isFollowed(_ status: Int) async throws {
        let server = try UpstreamServer { exchange in
            if exchange.target == "/a/b" {
                try exchange.reply(status, headers: ["location: ../c?d=e"])
            } else {
                try exchange.replyWithTarget()
            }
        }
        defer { server.stop() }
        try await withTransport { transport in
            let response = try await transport.send(
                TransportRequest(.GET, FetchURL("http://127.0.0.1:\(server.port)/a/b")), limit: 100)
            #expect(response.body == Array("GET /c?d=e".utf8))
            #expect(response.url.text == "http://127.0.0.1:\(server.port)/c?d=e")
        }
    }

    @Test func credentialsStayWithTheirHost() async throws {
        let storage = try UpstreamServer()
        defer { storage.stop() }
        let server = try UpstreamServer { exchange in
            switch exchange.target {
            case "/same": try exchange.reply(302, headers: ["location: /away"])
            default: try exchange.reply(307, headers: ["location: http://storage.test:\(storage.port)/blob"])
            }
        }
        defer { server.stop() }
        try await withTransport(resolver: .table(["storage.test": ["127.0.0.1"]])) { transport in
            var request = TransportRequest(.GET, try FetchURL("http://127.0.0.1:\(server.port)/same"))
            request.headers.add(name: "Authorization", value: "Bearer secret")
            _ = try await transport.send(request, limit: 100)
            #expect(server.requests.map { $0["authorization"] } == ["Bearer secret", "Bearer secret"])
            #expect(try storage.request["authorization"] == nil)
        }
    }

    @Test func circlesAndLongChainsEnd() async throws {
        let server = try UpstreamServer { exchange in
            let number = Int(exchange.target.dropFirst(2)) ?? 0
            let next = exchange.target.hasPrefix("/c") ? (number + 1) % 3 : number + 1
            try exchange.reply(302, headers: ["location: \(exchange.target.prefix(2))\(next)"])
        }
        defer { server.stop() }
        try await withTransport { transport in
            for (path, text) in [("c0", "in a circle"), ("l0", "more than 10 redirects")] {
                let error = try await failure {
                    _ = try await transport.send(
                        TransportRequest(.GET, FetchURL("http://127.0.0.1:\(server.port)/\(path)")), limit: 100)
                }
                #expect(error.kind == .refused)
                #expect(error.message.contains(text))
            }
            #expect(server.requests.count == 3 + 11)
        }
    }

    @Test func metadataIsNotReachedByRedirect() async throws {
        let server = try UpstreamServer { exchange in
            try exchange.reply(302, headers: ["location: http://169.254.169.254/latest?token=secret"])
        }
        defer { server.stop() }
        try await withTransport { transport in
            let error = try await failure {
                _ = try await transport.send(
                    TransportRequest(.GET, FetchURL("http://127.0.0.1:\(server.port)/")), limit: 100)
            }
            #expect(error.kind == .refused)
            #expect(error.message.contains("169.254.169.254 must not be dialled"))
        }
    }

    @Test(arguments: [false, true])
    func leavesTLSOnlyWhereThatIsAllowed(isAllowed: Bool) async throws {
        let plain = try UpstreamServer()
        defer { plain.stop() }
        let authority = try TestAuthority()
        let target = "http://plain.test:\(plain.port)/x"
        let server = try TLSHTTPServer(authority.issue(["secure.test"]).serverContext()) { _ in
            TLSHTTPServer.Answer(302, headers: ["location": target])
        }
        defer { server.stop() }
        try await withFolder { folder in
            try authority.certificate.write(toFile: "\(folder)/ca.pem", atomically: true, encoding: .utf8)
            var options = FetchOptions.forTests(plain: isAllowed ? ["plain.test:\(plain.port)"] : [])
            options.registries["secure.test:\(server.port)"] = HostOptions(authorityFile: "\(folder)/ca.pem")
            let resolver = NameResolver.table(["plain.test": ["127.0.0.1"], "secure.test": ["127.0.0.1"]])
            try await withTransport(options, resolver: resolver) { transport in
                let request = TransportRequest(.GET, try FetchURL("https://secure.test:\(server.port)/"))
                if isAllowed {
                    #expect(try await transport.send(request, limit: 100).body == Array("GET /x".utf8))
                } else {
                    let error = try await failure { _ = try await transport.send(request, limit: 100) }
                    #expect(error.kind == .refused)
                    #expect(error.message.contains("plainHTTP: true"))
                    #expect(plain.connections == 0)
                }
            }
        }
    }

    @Test func writesAreNotRepeatedElsewhere() async throws {
        let server = try UpstreamServer { try $0.reply(302, headers: ["location: /other"]) }
        defer { server.stop() }
        try await withTransport { transport in
            let request = TransportRequest(.POST, try FetchURL("http://127.0.0.1:\(server.port)/"), body: [1])
            #expect(try await transport.send(request, limit: 100).status == 302)
        }
    }
}
