import Foundation
import Gateway
import TestSupport
import Testing

/// One rule of gRPC calls: a guest in a running gateway, and a gRPC server that speaks real HTTP/2.
struct GRPCCase: Sendable, CustomTestStringConvertible {
    var rule: String
    var plugins: [TestPlugin]
    var conversation: @Sendable (Conversation, HTTP2Server) throws -> Void
    /// Everything the guest logs.
    var guest: [String]
    var client: [String]
    /// Looked at when everything has ended.
    var check: @Sendable (HTTP2Server) throws -> Void
    var script: HTTP2Server.Script

    init(
        _ rule: String,
        _ callbacks: [WatGuest.Callback: String],
        fields: String = "",
        script: @escaping HTTP2Server.Script = GRPCServer.script,
        _ conversation: @escaping @Sendable (Conversation, HTTP2Server) throws -> Void = { talk, _ in
            try talk.exchange(Request.get)
        },
        guest: [String],
        client: [String] = ["200 length=5 'world'"],
        check: @escaping @Sendable (HTTP2Server) throws -> Void = { _ in }
    ) {
        self.rule = rule
        self.plugins = [TestPlugin(callbacks, fields: fields)]
        self.script = script
        self.conversation = conversation
        self.guest = guest
        self.client = client
        self.check = check
    }

    var testDescription: String { self.rule }

    func run() async throws {
        let authority = try TestAuthority()
        let server = try HTTP2Server(script: self.script)
        let secure = try HTTP2Server(
            tls: try authority.issue(["grpc.test"]).serverContext(alpn: ["h2"]), script: self.script)
        let refusing = try Ports.free()
        let gateway = try await ConformanceGateway(
            self.plugins,
            options: GatewayOptions(workers: 1),
            clusters: [
                ConformanceGateway.cluster("grpc", port: server.port, isHTTP2: true),
                ConformanceGateway.cluster("nobody", port: refusing, isHTTP2: true),
                ConformanceGateway.cluster(
                    "secure", port: secure.port, isHTTP2: true,
                    tls: UpstreamTLSConfiguration(
                        serverName: "grpc.test", trustRoots: SecretBytes(Array(authority.certificate.utf8)))),
                ConformanceGateway.cluster(
                    "distrusted", port: secure.port, isHTTP2: true,
                    tls: UpstreamTLSConfiguration(serverName: "grpc.test")),
            ],
            upstream: { try $0.reply(body: "world") },
            callee: { try $0.reply(body: "callee") }
        )
        let conversation = self.conversation
        let outcome: Result<[String], any Error> = await GatewayCase.onThread {
            let talk = Conversation(gateway, isChain: false)
            defer { talk.closeAll() }
            try conversation(talk, server)
            return talk.seen
        }
        await gateway.shutDown()
        let check = self.check
        let checked = await GatewayCase.onThread { try check(server) }
        for one in [server, secure] { _ = await GatewayCase.onThread { one.stop() } }
        #expect(gateway.log.guestLines.map(\.text) == self.guest, "the guest's lines: \(self.rule)")
        #expect(try outcome.get() == self.client, "the client: \(self.rule)")
        try checked.get()
    }
}

extension Guest {
    /// `proxy_grpc_call`; logs its status. The id is at 264.
    static func grpcCall(
        _ method: String,
        _ upstream: String = "grpc",
        metadata: [(String, String)] = [],
        message: String = "hello",
        timeout: Int = 5000,
        id: Int = 264
    ) -> String {
        "(call $num (call $grpc_call {\(upstream)} {test.Service} {\(method)} {\(Self.pairs(metadata))} {\(message)} "
            + "(i32.const \(timeout)) (i32.const \(id))))"
    }

    /// `proxy_grpc_stream`; logs its status. The id is at 264.
    static func grpcStream(_ method: String, _ upstream: String = "grpc", metadata: [(String, String)] = []) -> String {
        "(call $num (call $grpc_stream {\(upstream)} {test.Service} {\(method)} {\(Self.pairs(metadata))} "
            + "(i32.const 264)))"
    }

    static let grpcID = "(i32.load (i32.const 264))"

    static func grpcSend(_ message: String, end: Bool = false, id: String = Self.grpcID) -> String {
        "(call $num (call $grpc_send \(id) {\(message)} (i32.const \(end ? 1 : 0))))"
    }

    static let message = "(call $bytes (i32.const 5) (i32.const 0) (i32.const 100))"
    static let status = """
        (call $num (call $get_status (i32.const 272) (i32.const 256) (i32.const 260)))
        (call $num (i32.load (i32.const 272)))
        (call $say (i32.load (i32.const 256)) (i32.load (i32.const 260)))
        """

    /// A line for each callback: its name, the id, and a number.
    static let grpcEvents: [WatGuest.Callback: String] = [
        .grpcInitialMetadata: "(call $event {initial} (local.get 1))",
        .grpcReceive: "(call $event2 {receive} (local.get 1) (local.get 2))",
        .grpcTrailingMetadata: "(call $event {trailing} (local.get 1))",
        .grpcClose: "(call $event2 {close} (local.get 1) (local.get 2))",
    ]
}
