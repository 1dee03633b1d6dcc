import ProxyWasm
import TestSupport
import Testing

/// Section M of the rules: metrics.
struct MetricConformanceTests {
    /// Leaves the id at 276.
    private static func define(_ type: Int, _ name: String = "m") -> String {
        "(call $num (call $define_metric (i32.const \(type)) {\(name)} (i32.const 276))) "
    }
    private static let id = "(i32.load (i32.const 276))"
    private static func increment(_ delta: Int64, _ id: String = MetricConformanceTests.id) -> String {
        "(call $num (call $increment_metric \(id) (i64.const \(delta)))) "
    }
    private static func record(_ value: String, _ id: String = MetricConformanceTests.id) -> String {
        "(call $num (call $record_metric \(id) (i64.const \(value)))) "
    }
    /// The status and both halves of the value.
    private static func get(_ id: String = MetricConformanceTests.id) -> String {
        """
        (call $num (call $get_metric \(id) (i32.const 264)))
        (call $num (i32.load (i32.const 264))) (call $num (i32.load (i32.const 268)))
        """
    }

    static let cases: [ConformanceCase] = [
        ConformanceCase("M1 an unknown type: 2", define(3), sees: ["2"]),
        ConformanceCase(
            "M2 a counter: increments add, a decrement is 2, a record adds",
            define(0) + increment(5) + get() + increment(-1) + record("7") + get(),
            sees: ["0", "0", "0", "5", "0", "2", "0", "0", "12", "0"]
        ),
        ConformanceCase(
            "M3 a gauge: records set, increments go both ways",
            define(1) + record("10") + increment(-3) + get(),
            sees: ["0", "0", "0", "0", "7", "0"]
        ),
        ConformanceCase(
            "M4 a histogram: records only",
            define(2) + record("10") + "(call $num (call $get_metric \(id) (i32.const 264)))" + increment(1),
            sees: ["0", "0", "2", "2"]
        ),
        ConformanceCase(
            "M5 an unknown id: 1",
            increment(1, "(i32.const 400)") + record("1", "(i32.const 400)")
                + "(call $num (call $get_metric (i32.const 400) (i32.const 264)))",
            sees: ["1", "1", "1"]
        ),
        ConformanceCase(
            "M6 the same counter twice: one value",
            define(0) + increment(5) + define(0) + increment(2) + get(),
            sees: ["0", "0", "0", "0", "0", "7", "0"]
        ),
        ConformanceCase(
            "M7 an increment by 0: fine (Envoy: 2)",
            define(0) + increment(0) + get(),
            sees: ["0", "0", "0", "0", "0"]
        ),
        ConformanceCase(
            "M8 a gauge of 2^63 is unsigned",
            define(1) + record("0x8000000000000000") + get(),
            sees: ["0", "0", "0", "0", "2147483648"]
        ),
    ]

    @Test("Metrics", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("M6 the same counter from another VM: one value")
    func acrossVMs() throws {
        let services = SharedServices()
        let guest = WatGuest(callbacks: [.tick: Self.define(0) + Self.increment(5) + Self.get()])
        let (first, second) = (Life(services: services), Life(services: services))
        let one = try first.start(guest)
        let two = try second.start(guest)
        one.vm.tick(one)
        two.vm.tick(two)
        #expect(second.transcript.lines == ["0", "0", "0", "10", "0"])
        #expect(services.metricSamples().map(\.value) == [10])
    }
}
