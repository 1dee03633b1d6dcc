import ModuleFetch
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct HTTPModuleFetcherTests {
    private func fetch(
        _ url: String, options: FetchOptions = .forTests(), log: FetchLog = .silent
    ) async throws -> [UInt8] {
        try await withTransport(options) { transport in
            try await HTTPModuleFetcher(transport: transport, log: log).fetch(url)
        }
    }

    @Test func getsTheBody() async throws {
        let server = try UpstreamServer()
        defer { server.stop() }
        let log = LogRecorder()
        #expect(
            try await self.fetch("http://127.0.0.1:\(server.port)/m.wasm?key=secret", log: log.log)
                == Array("GET /m.wasm?key=secret".utf8))
        #expect(log.lines == ["info: fetching http://127.0.0.1:\(server.port)/m.wasm"])
        #expect(try server.request["authorization"] == nil)
    }

    @Test func triesAgainAfterServerErrors() async throws {
        let count = Mutex(0)
        let server = try UpstreamServer { exchange in
            let number = count.withLock {
                $0 += 1
                return $0
            }
            if number == 1 {
                try exchange.request()
                exchange.reset()
            } else if number == 2 {
                try exchange.reply(503)
            } else {
                try exchange.replyWithTarget()
            }
        }
        defer { server.stop() }
        #expect(try await self.fetch("http://127.0.0.1:\(server.port)/m") == Array("GET /m".utf8))
        #expect(count.withLock { $0 } == 3)
    }

    @Test func givesUp() async throws {
        let server = try UpstreamServer { try $0.reply(503) }
        defer { server.stop() }
        var options = FetchOptions.forTests()
        options.maximumAttempts = 2
        let error = try await failure {
            _ = try await self.fetch("http://127.0.0.1:\(server.port)/m", options: options)
        }
        #expect(error.kind == .unavailable)
        #expect(error.message.hasPrefix("wasm module download failed after 2 attempts, last error: "))
        #expect(error.message.contains("503"))
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [
        (404, ModuleFetchError.Kind.notFound), (401, .unauthorized), (403, .unauthorized), (429, .unavailable),
        (408, .unavailable), (501, .unavailable), (505, .unavailable), (511, .unavailable), (204, .refused),
        (304, .refused),
    ])
    func otherAnswersEndIt(_ status: Int, _ kind: ModuleFetchError.Kind) async throws {
        let server = try UpstreamServer { exchange in
            try exchange.request()
            try exchange.send(
                "HTTP/1.1 \(status) Status\r\n\([204, 304].contains(status) ? "" : "content-length: 0\r\n")\r\n")
        }
        defer { server.stop() }
        let error = try await failure { _ = try await self.fetch("http://127.0.0.1:\(server.port)/m") }
        #expect(error.kind == kind)
        #expect(error.message.contains("\(status)"))
        #expect(server.requests.count == 1)
    }

    @Test func refusesTooMuchAtOnce() async throws {
        let server = try UpstreamServer { try $0.reply(bytes: [UInt8](repeating: 0, count: 101)) }
        defer { server.stop() }
        var options = FetchOptions.forTests()
        options.maximumModuleBytes = 100
        let error = try await failure {
            _ = try await self.fetch("http://127.0.0.1:\(server.port)/m", options: options)
        }
        #expect(error.kind == .refused)
        #expect(server.requests.count == 1)
    }

    @Test func refusesUserInfo() async throws {
        let error = try await failure { _ = try await self.fetch("http://user:secret@127.0.0.1/m") }
        #expect(error.kind == .invalid)
        #expect(!error.message.contains("secret"))
    }
}
