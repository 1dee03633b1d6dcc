import TestSupport
import Testing

// I7–I12: ticks. I1–I6 are rules of the VM and stand with its tests.

@Suite("Conformance through the gateway: timers", .serialized, .timeLimit(.minutes(5)))
struct TimerConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static let counting = "(global.set $n (i32.add (global.get $n) (i32.const 1)))"
    private static let now = "(drop (call $get_current_time_nanoseconds (i32.const 272)))"
    private static let remember = "(i64.store (i32.const 280) (i64.load (i32.const 272)))"
    /// Says 1 when that many milliseconds have passed since `remember`.
    private static func passed(_ milliseconds: Int) -> String {
        """
        (call $event {passed} (i64.ge_s
          (i64.sub (i64.load (i32.const 272)) (i64.load (i32.const 280)))
          (i64.const \(milliseconds * 1_000_000 - 1_000_000))))
        """
    }
    private static func at(_ count: Int, _ code: String) -> String {
        "(if (i32.eq (global.get $n) (i32.const \(count))) (then \(code)))"
    }

    /// A plugin whose tenth tick says so: a clock of the gateway's own.
    private static let clock = TestPlugin(
        [
            .configure: Guest.tick(every: 10),
            .tick: Self.counting + Self.at(10, "(call $say {tenth})"),
        ],
        name: "clock"
    )

    static let cases: [GatewayCase] = [
        GatewayCase(
            "I7 a period set in on_configure: the first tick comes after it, and it repeats",
            [
                .configure: Guest.tick(every: 50) + Self.now + Self.remember,
                .tick: Self.counting + "(call $event {tick} (global.get $n))"
                    + Self.at(1, Self.now + Self.passed(50)) + Self.at(3, Guest.tick(every: 0)),
            ],
            { try $0.await("tick 3") },
            guest: ["tick 1", "passed 1", "tick 2", "tick 3"], client: []
        ),
        GatewayCase(
            "I7 a period of 0 stops the timer",
            [
                TestPlugin([.configure: Guest.tick(every: 5), .tick: "(call $say {tick})" + Guest.tick(every: 0)]),
                Self.clock,
            ],
            { try $0.await("clock tenth") },
            guest: ["p1 tick", "clock tenth"], client: []
        ),
        GatewayCase(
            "I8 a period changed in on_tick is the next interval's",
            [
                .configure: Guest.tick(every: 5),
                .tick: Self.counting
                    + Self.at(1, Self.now + Self.remember + Guest.tick(every: 120))
                    + Self.at(2, Self.now + Self.passed(120) + Guest.tick(every: 0)),
            ],
            { try $0.await("passed 1") },
            guest: ["passed 1"], client: []
        ),
        GatewayCase(
            "I9 two roots' periods are independent",
            [
                TestPlugin([.configure: Guest.tick(every: 60_000), .tick: "(call $say {tick})"]),
                Self.clock,
            ],
            { try $0.await("clock tenth") },
            guest: ["clock tenth"], client: []
        ),
        GatewayCase(
            "I10 a period set from a stream is the root's",
            [
                .requestHeaders: Guest.requestHeaders + Guest.tick(every: 5),
                .tick: "(call $event {tick} (local.get 0))" + Guest.tick(every: 0),
            ],
            {
                try $0.exchange(Request.get)
                try $0.await("tick 1")
            },
            guest: ["rh 1", "tick 1"]
        ),
        GatewayCase(
            "I11 a callback longer than the period: no tick inside it, no burst after it",
            [
                .configure: Guest.tick(every: 20),
                .requestHeaders: """
                \(Self.now) \(Self.remember)
                (global.set $held (i32.const 1))
                (loop $spin
                  \(Self.now)
                  (br_if $spin (i64.lt_s
                    (i64.sub (i64.load (i32.const 272)) (i64.load (i32.const 280))) (i64.const 100000000))))
                (call $say {spun})
                """,
                .tick: """
                (if (global.get $held)
                  (then
                    \(Self.counting)
                    \(Self.now)
                    \(Self.at(1, "(call $say {first})" + Self.remember))
                    \(Self.at(2, Self.passed(20) + Guest.tick(every: 0)))))
                """,
            ],
            {
                try $0.exchange(Request.get)
                try $0.await("passed 1")
            },
            guest: ["spun", "first", "passed 1"]
        ),
        GatewayCase(
            "I12 no ticks after a failure",
            [
                TestPlugin([.configure: Guest.tick(every: 5), .tick: "(call $say {tick})" + Guest.trap]),
                Self.clock,
            ],
            { try $0.await("clock tenth") },
            guest: ["p1 tick", "clock tenth"], client: [], logged: "Function: proxy_on_tick failed"
        ),
    ]
}
