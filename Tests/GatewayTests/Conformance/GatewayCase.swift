import Foundation
import Gateway
import ProxyWasm
import TestSupport
import Testing

/// One rule of the HTTP half, seen from outside: a chain of guests in a running gateway, a client, an upstream.
struct GatewayCase: Sendable, CustomTestStringConvertible {
    /// The rule's id and text.
    var rule: String
    var plugins: [TestPlugin]
    var options: GatewayOptions
    var upstream: UpstreamServer.Script
    var callee: UpstreamServer.Script
    var conversation: @Sendable (Conversation) throws -> Void
    /// Everything the guests log; nil: not looked at.
    var guest: [String]?
    /// Every request that reached the upstream.
    var forwarded: [String]?
    /// Every call that reached the callee.
    var called: [String]?
    /// Every response, or how its connection ended.
    var client: [String]
    /// Something the gateway's log must say.
    var logged: String?

    init(
        _ rule: String,
        _ plugins: [TestPlugin],
        bufferLimit: Int = 1 << 20,
        workers: Int = 1,
        rootEndMilliseconds: Int64 = 10_000,
        upstream: @escaping UpstreamServer.Script = { try $0.reply(body: "world") },
        callee: @escaping UpstreamServer.Script = { try $0.reply(body: "callee") },
        _ conversation: @escaping @Sendable (Conversation) throws -> Void = { try $0.exchange(Request.get) },
        guest: [String]?,
        forwarded: [String]? = nil,
        called: [String]? = nil,
        client: [String] = ["200 length=5 'world'"],
        logged: String? = nil
    ) {
        self.rule = rule
        self.plugins = plugins
        self.options = GatewayOptions(workers: workers)
        self.options.bufferLimitBytes = bufferLimit
        self.options.rootEndMilliseconds = rootEndMilliseconds
        self.upstream = upstream
        self.callee = callee
        self.conversation = conversation
        self.guest = guest
        self.forwarded = forwarded
        self.called = called
        self.client = client
        self.logged = logged
    }

    /// A case of one plugin.
    init(
        _ rule: String,
        _ callbacks: [WatGuest.Callback: String],
        fields: String = "",
        upstream: @escaping UpstreamServer.Script = { try $0.reply(body: "world") },
        callee: @escaping UpstreamServer.Script = { try $0.reply(body: "callee") },
        _ conversation: @escaping @Sendable (Conversation) throws -> Void = { try $0.exchange(Request.get) },
        guest: [String]?,
        forwarded: [String]? = nil,
        called: [String]? = nil,
        client: [String] = ["200 length=5 'world'"],
        logged: String? = nil
    ) {
        self.init(
            rule,
            [TestPlugin(callbacks, fields: fields)],
            upstream: upstream,
            callee: callee,
            conversation,
            guest: guest,
            forwarded: forwarded,
            called: called,
            client: client,
            logged: logged
        )
    }

    var testDescription: String { self.rule }

    func run() async throws {
        let gateway = try await ConformanceGateway(
            self.plugins,
            options: self.options,
            upstream: self.upstream,
            callee: self.callee
        )
        let isChain = self.plugins.count > 1
        let conversation = self.conversation
        let outcome: Result<([String], Int), any Error> = await Self.onThread {
            let talk = Conversation(gateway, isChain: isChain)
            defer { talk.closeAll() }
            try conversation(talk)
            return (talk.seen, (try? talk.client.get().socket.localPort) ?? 0)
        }
        await gateway.shutDown()
        let port = (try? outcome.get().1) ?? 0
        let lines = gateway.log.guestLines.map { line in
            let text = port > 0 ? line.text.replacingOccurrences(of: "\(port)", with: "PORT") : line.text
            return isChain ? "\(line.plugin) \(text)" : text
        }
        if let guest = self.guest { #expect(lines == guest, "the guests' lines: \(self.rule)") }
        if let forwarded = self.forwarded {
            #expect(gateway.upstream.requests.map(Conversation.line) == forwarded, "the upstream: \(self.rule)")
        }
        if let called = self.called {
            #expect(gateway.callee.requests.map(Conversation.line) == called, "the callee: \(self.rule)")
        }
        if let logged = self.logged { #expect(gateway.log.text.contains(logged), "the log: \(self.rule)") }
        let seen = try outcome.get().0
        #expect(seen == self.client, "the client: \(self.rule)")
    }

    /// Sockets block: never on the threads that async functions share.
    static func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async -> Result<Value, any Error> {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: Result { try body() }) }
            thread.start()
        }
    }
}
