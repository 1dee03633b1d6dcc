import Foundation
import Gateway
import ProxyWasm
import TestSupport
import Testing

// B7–B12, B22, B28, B29, B31, Q8: several plugins on one VM, and how they come and go.

@Suite("Conformance through the gateway: VMs with several plugins", .serialized, .timeLimit(.minutes(5)))
struct VMSharingConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    /// Counts configurations, requests and ticks of all plugins on its VM, and names roots at their ends.
    private static let counting: [WatGuest.Callback: String] = [
        .configure: Self.count + "(call $event2 {configure} (local.get 0) (global.get $n))",
        .requestHeaders: Self.count + "(call $event {rh} (global.get $n))",
    ]
    private static let count = "(global.set $n (i32.add (global.get $n) (i32.const 1)))"

    private static func plugin(
        _ name: String,
        _ callbacks: [WatGuest.Callback: String] = Self.counting,
        _ adjust: @escaping @Sendable (inout PluginDefinition) -> Void = { _ in }
    ) -> TestPlugin {
        TestPlugin(callbacks, name: name, adjust: adjust)
    }

    private static func configured(_ text: String) -> @Sendable (inout PluginDefinition) -> Void {
        { $0.configuration = Array(text.utf8) }
    }

    /// A difference that keeps two plugins of one module apart.
    private static func apart(
        _ what: String,
        _ adjust: @escaping @Sendable (inout PluginDefinition) -> Void
    ) -> GatewayCase {
        GatewayCase(
            "B10 the same module, another \(what): a VM of its own",
            [Self.plugin("p1"), Self.plugin("p2", Self.counting, adjust)],
            guest: ["p1 configure 1 1", "p2 configure 1 1", "p1 rh 2", "p2 rh 2"]
        )
    }

    /// Refuses a second configuration on its VM.
    private static let onlyOne: [WatGuest.Callback: String] = [
        .configure: """
        (if (global.get $n) (then (return (i32.const 0))))
        (global.set $n (i32.const 1))
        (call $say {configure})
        """,
        .requestHeaders: "(call $say {rh})",
    ]

    /// Says what its root does at its end; `word` makes versions of one module differ in their configuration only.
    private static let ends: [WatGuest.Callback: String] = [
        .configure: "(call $event {configure} (local.get 0))",
        .requestHeaders: "(call $event {rh} (local.get 0))",
        .done: "(call $event {done} (local.get 0))",
        .delete: "(call $event {delete} (local.get 0))",
    ]

    static let cases: [GatewayCase] = [
        GatewayCase(
            "B7 two plugins of one module: one VM, a root each",
            [Self.plugin("p1"), Self.plugin("p2") { $0.rootID = "other" }],
            guest: ["p1 configure 1 1", "p2 configure 2 2", "p1 rh 3", "p2 rh 4"]
        ),
        GatewayCase(
            "B12 (ours) a module that takes one plugin for each VM: the second gets a VM of its own",
            [Self.plugin("p1", Self.onlyOne), Self.plugin("p2", Self.onlyOne, Self.configured("{1}"))],
            guest: ["p1 configure", "p2 configure", "p1 rh", "p2 rh"]
        ),
        GatewayCase(
            "B8 the same root id, another configuration: two roots",
            [Self.plugin("p1"), Self.plugin("p2", Self.counting, Self.configured("{1}"))],
            guest: ["p1 configure 1 1", "p2 configure 2 2", "p1 rh 3", "p2 rh 4"]
        ),
        GatewayCase(
            "B9 the very same plugin twice: one root, no second start",
            [TestPlugin(Self.counting), TestPlugin(Self.counting, key: "test/again")],
            guest: ["p1 configure 1 1", "p1 rh 2", "p1 rh 3"]
        ),
        Self.apart("vm_id") { $0.vmID = "other" },
        Self.apart("VM configuration") { $0.vmConfiguration = [1] },
        Self.apart("environment (ours)") { $0.environment = [.init(name: "A", value: "1")] },
        Self.apart("limit (ours)") { $0.limits.memoryBytes = 1 << 20 },
        Self.apart("set of capabilities (ours)") {
            $0.allowedCapabilities = ["proxy_log", "proxy_on_configure", "proxy_on_request_headers"]
        },
        GatewayCase(
            "B12 a plugin refuses its configuration on a worker: the other one on the VM keeps working",
            [
                // Refuses where the other one has been: on a worker, but not on trial.
                Self.plugin("p1", Self.second),
                Self.plugin("p2", Self.second, Self.configured("refuse")),
            ],
            {
                try $0.exchange(Request.get)
                // The request has made it try once more.
                $0.note($0.guestLines.joined(separator: ", "))
            },
            guest: nil, forwarded: [],
            // A start is tried on the VM that is there and then, as a plugin may just not be able to share one, on a
            // VM of its own: two refusals when the configuration comes, two more for the request.
            client: ["503 length=0", "p1 accept, p2 refuse, p2 refuse, p2 refuse, p2 refuse, p1 rh"],
            logged: "plugin p2 did not start on worker 0: plugin p2: proxy_on_configure answered false"
        ),
        Self.update(),
        GatewayCase(
            "B28 two workers: each has its own VM",
            [TestPlugin([.requestHeaders: Self.count + "(call $num (global.get $n))"])],
            workers: 2,
            { talk in
                for _ in 0..<20 { _ = try RawHTTP.once(port: talk.gateway.port, "GET", "/a") }
                // 1 to N from one worker, 1 to 20 - N from the other.
                var counts: [Int: Int] = [:]
                for line in talk.guestLines { counts[Int(line) ?? 0, default: 0] += 1 }
                let first = counts.keys.max() ?? 0
                let second = counts.values.count { $0 == 2 }
                talk.note(first + second == 20 && counts.values.allSatisfy { $0 <= 2 } ? "apart" : "\(counts)")
            },
            guest: nil, client: ["apart"]
        ),
        Self.rejected(),
        Self.sharedFate(),
        GatewayCase(
            "J13 calls in flight of two roots of one VM have different tokens; each root gets its own answer",
            [Self.plugin("p1", Self.calling), Self.plugin("p2", Self.calling, Self.configured("2"))],
            {
                try $0.exchange(Request.get)
                try $0.await("p1 call 1 4")
                try $0.await("p2 call 2 8")
            },
            guest: nil, called: ["GET /c", "GET /c"]
        ),
        GatewayCase(
            "Q8 a plugin whose VM dies of a tick is started again without traffic; what it shares is still there",
            [
                .configure: """
                (call $say {configure})
                (if (call $get_shared_data {k} (i32.const 256) (i32.const 260) (i32.const 264))
                  (then \(Guest.tick(every: 5))))
                """,
                .tick: "(drop (call $set_shared_data {k} {1} (i32.const 0)))" + Guest.trap,
            ],
            { try $0.await("configure", count: 2) },
            guest: ["configure", "configure"], client: []
        ),
    ]

    private static let calling: [WatGuest.Callback: String] = [
        .requestHeaders: Guest.call(), .httpCallResponse: "(call $event2 {call} (local.get 0) (local.get 1))",
    ]

    private static let second: [WatGuest.Callback: String] = [
        .configure: """
        (if (local.get 1)
          (then
            (if (i32.eqz (call $get_shared_data {k} (i32.const 256) (i32.const 260) (i32.const 264)))
              (then (call $say {refuse}) (return (i32.const 0)))))
          (else
            (call $say {accept})
            (drop (call $set_shared_data {k} {1} (i32.const 0)))))
        """,
        .requestHeaders: "(call $say {rh})",
    ]

    /// B22 and B29, on a VM that goes on.
    private static func update() -> GatewayCase {
        let gate = Gate()
        return GatewayCase(
            "B22, B29 one plugin's configuration changes: a new root on the same VM; the old one ends after its last stream, "
                + "the neighbour goes on",
            [Self.plugin("p1", Self.ends), Self.plugin("p2", Self.ends)],
            upstream: {
                if $0.head["x-slow"] != nil { try gate.wait() }
                try $0.reply(body: "world")
            },
            { talk in
                let other = try talk.connect()
                try other.send(Request.get("x-slow: 1"))
                try talk.await("p2 rh 4")
                try talk.apply([
                    Self.plugin("p1", Self.ends), Self.plugin("p2", Self.ends, Self.configured("new")),
                ])
                try talk.exchange(Request.get)
                gate.open()
                try talk.receive(other)
                try talk.await("p2 delete 2")
                try talk.exchange(Request.get)
                try talk.await("p2 delete 9")
                // The end of the whole gateway is another case's.
                talk.note(talk.guestLines.joined(separator: ", "))
            },
            guest: nil,
            client: [
                "200 length=5 'world'", "200 length=5 'world'", "200 length=5 'world'",
                [
                    "p1 configure 1", "p2 configure 2", "p1 rh 3", "p2 rh 4", "p2 configure 5",
                    "p1 rh 6", "p2 rh 7", "p1 done 6", "p1 delete 6", "p2 done 7", "p2 delete 7",
                    "p1 done 3", "p1 delete 3", "p2 done 4", "p2 delete 4", "p2 done 2", "p2 delete 2",
                    "p1 rh 8", "p2 rh 9", "p1 done 8", "p1 delete 8", "p2 done 9", "p2 delete 9",
                ].joined(separator: ", "),
            ]
        )
    }

    private static func rejected() -> GatewayCase {
        let plugin: [WatGuest.Callback: String] = [
            .configure: """
            (drop (call $log (i32.const 3) {configuring}))
            (return (i32.ne (local.get 1) (i32.const 3)))
            """,
            .requestHeaders: "(call $say {rh})",
        ]
        return GatewayCase(
            "B31 a configuration that fails on trial reaches no worker; the verdict is remembered, the old one serves on",
            [Self.plugin("p1", plugin)],
            { talk in
                func configurations() -> Int {
                    talk.gateway.log.text.components(separatedBy: "log p1: configuring").count - 1
                }
                talk.note("\(configurations()) starts")
                try talk.apply([Self.plugin("p1", plugin, Self.configured("bad"))])
                talk.note("\(configurations()) starts")
                try talk.exchange(Request.get)
                try talk.apply([Self.plugin("p1", plugin, Self.configured("bad"))])
                talk.note("\(configurations()) starts")
                talk.note(try talk.status("p1").message.contains("refused its configuration") ? "says why" : "silent")
                try talk.exchange(Request.get)
                // A good one takes over.
                try talk.apply([Self.plugin("p1", plugin, Self.configured("good"))])
                talk.note("\(configurations()) starts")
                try talk.exchange(Request.get)
            },
            guest: ["rh", "rh", "rh"],
            client: [
                "2 starts", "3 starts", "200 length=5 'world'", "3 starts", "says why", "200 length=5 'world'",
                "5 starts", "200 length=5 'world'",
            ],
            logged: "the last good version keeps serving"
        )
    }

    private static func sharedFate() -> GatewayCase {
        let plugin = Self.counting.merging([
            .requestHeaders: """
            \(Self.count)
            (call $event {rh} (global.get $n))
            (if (i32.eqz (call $get_header_map_value (i32.const 0) {x-trap} (i32.const 256) (i32.const 260)))
              (then unreachable))
            """
        ]) { $1 }
        return GatewayCase(
            "Q8 a trap takes the VM from all its plugins; each starts again on a new one, and only one has failed",
            [Self.plugin("p1", plugin), Self.plugin("p2", plugin, Self.configured("2"))],
            { talk in
                try talk.exchange(Request.get("x-trap: 1"))
                try talk.exchange(Request.get)
                for name in ["p1", "p2"] {
                    let status = try talk.status(name)
                    talk.note("\(name): \(status.failures) failed, \(status.restarts) restarted")
                }
            },
            guest: [
                "p1 configure 1 1", "p2 configure 2 2", "p1 rh 3",
                "p1 configure 1 1", "p2 configure 2 2", "p1 rh 3", "p2 rh 4",
            ],
            client: [
                "503 length=0", "200 length=5 'world'", "p1: 1 failed, 1 restarted", "p2: 0 failed, 1 restarted",
            ]
        )
    }
}
