import TestSupport
import Testing

// B23, B24, B26: roots that are not done when they are asked to end.

@Suite("Conformance through the gateway: ends of roots", .serialized, .timeLimit(.minutes(5)))
struct RootEndConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    static let cases: [GatewayCase] = [Self.pendingRoot(), Self.endlessRoot()]

    /// A root that is not done: says so, ticks, and calls `proxy_done` in its third tick from then on.
    private static func pending(_ tick: String) -> [WatGuest.Callback: String] {
        [
            .configure: Guest.tick(every: 5),
            .done: Guest.ofRoot("(call $say {root done}) (global.set $n (i32.const 1)) (return (i32.const 0))"),
            .tick: "(if (i32.eq (local.get 0) (i32.const 1)) (then (if (global.get $n) (then \(tick)))))",
            .delete: Guest.ofRoot("(call $say {root delete})"),
        ]
    }

    private static func pendingRoot() -> GatewayCase {
        let plugin = Self.pending(
            """
            (call $event {tick} (global.get $n))
            (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (if (i32.eq (global.get $n) (i32.const 3))
              (then (call $num (call $done)) (call $num (call $done)) (call $say {returning})))
            """
        )
        return GatewayCase(
            "B23, B24, B26 on_done of a root answers false: it ticks on until proxy_done, then on_delete, once",
            [TestPlugin(plugin), TestPlugin(plugin, name: "p2")],
            { talk in
                try talk.apply([TestPlugin(plugin, name: "p2")])
                try talk.await("p1 root delete")
                talk.note(talk.guestLines.joined(separator: ", "))
            },
            guest: nil,
            client: ["p1 root done, p1 tick 1, p1 tick 2, p1 0, p1 1, p1 returning, p1 root delete"]
        )
    }

    private static func endlessRoot() -> GatewayCase {
        let plugin = Self.pending("")
        return GatewayCase(
            "B23 (ours) a root that never calls proxy_done is ended when its time is up",
            [TestPlugin(plugin), TestPlugin(plugin, name: "p2")],
            rootEndMilliseconds: 50,
            { talk in
                try talk.apply([TestPlugin(plugin, name: "p2")])
                try talk.await("p1 root delete")
                talk.note(talk.guestLines.joined(separator: ", "))
            },
            guest: nil,
            client: ["p1 root done, p1 root delete"]
        )
    }
}
