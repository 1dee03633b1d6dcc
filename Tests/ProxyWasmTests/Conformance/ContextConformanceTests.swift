import ProxyWasm
import TestSupport
import Testing

/// Section I of the rules: effective context and timers.
struct ContextConformanceTests {
    static func effective(_ id: String) -> String { "(call $num (call $set_effective_context \(id))) " }

    static let cases: [ConformanceCase] = [
        ConformanceCase("I1 an unknown context", in: .tick, effective("(i32.const 99)"), sees: ["2"]),
        ConformanceCase(
            "I2 a tick reads a stream's headers",
            in: .tick,
            HeaderConformanceTests.get(0, ":path") + effective("(i32.const 2)")
                + HeaderConformanceTests.get(0, ":path"),
            sees: ["2", "0", "0", "/a?b"]
        ),
        ConformanceCase(
            "I4 0 ends the redirection",
            in: .tick,
            effective("(i32.const 2)") + effective("(i32.const 0)") + HeaderConformanceTests.get(0, ":path"),
            sees: ["0", "0", "2"]
        ),
        ConformanceCase(
            "I5 an allocation does not end it",
            in: .tick,
            effective("(i32.const 2)") + HeaderConformanceTests.get(0, ":path")
                + HeaderConformanceTests.get(0, ":method"),
            allocator: "(call $say {allocating}) (i32.const 65536)",
            sees: ["0", "allocating", "0", "/a?b", "allocating", "0", "GET"]
        ),
        ConformanceCase(
            "I7 a tick period set in on_configure",
            in: .configure,
            "(call $num (call $set_tick_period_milliseconds (i32.const 100)))",
            sees: ["host: tick 100 for 1", "0"]
        ),
        ConformanceCase(
            "I8 a tick period set in on_tick",
            in: .tick,
            "(call $num (call $set_tick_period_milliseconds (i32.const 50)))",
            sees: ["host: tick 50 for 1", "0"]
        ),
        ConformanceCase(
            "I10 a tick period set from a stream is the root's",
            "(call $num (call $set_tick_period_milliseconds (i32.const 70)))",
            sees: ["host: tick 70 for 1", "0"]
        ),
    ]

    @Test("Contexts and timers", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("I3: an effective context set in one callback is not in force in the next")
    func endsWithCallback() throws {
        let life = Life()
        let plugin = try life.start(
            WatGuest(callbacks: [
                .tick: HeaderConformanceTests.get(0, ":path") + Self.effective("(i32.const 2)")
            ])
        )
        let host = RecordingStream(life.transcript)
        let stream = plugin.makeStream(host: host)
        _ = stream.onRequestHeaders(endOfStream: true)
        plugin.vm.tick(plugin)
        plugin.vm.tick(plugin)
        stream.finish()
        plugin.vm.tick(plugin)
        withExtendedLifetime(host) {}
        #expect(life.transcript.lines == ["2", "0", "2", "0", "2", "2"])
    }

    @Test("I6: the same number in another VM is not reachable")
    func otherVM() throws {
        let guest = WatGuest(callbacks: [.tick: Self.effective("(i32.const 2)")])
        let first = Life()
        let second = Life()
        let one = try first.start(guest)
        let two = try second.start(guest)
        let host = RecordingStream(first.transcript)
        let stream = one.makeStream(host: host)
        two.vm.tick(two)
        one.vm.tick(one)
        stream.finish()
        withExtendedLifetime(host) {}
        #expect(second.transcript.lines == ["2"])
        #expect(first.transcript.lines == ["0"])
    }

    @Test("G5: a paused stream is continued from a tick, after the tick")
    func continuesFromTick() throws {
        let life = Life()
        let guest = WatGuest(callbacks: [
            .requestHeaders: "(return (i32.const 1))",
            .tick: Self.effective("(i32.const 2)") + HeaderConformanceTests.replace(0, "x-late", "1")
                + "(call $num (call $continue_stream (i32.const 0))) (call $say {end})",
        ])
        let plugin = try life.start(guest)
        let host = RecordingStream(life.transcript)
        let stream = plugin.makeStream(host: host)
        #expect(stream.onRequestHeaders(endOfStream: true) == .status(.stopAllIterationAndWatermark))
        plugin.vm.tick(plugin)
        stream.finish()
        #expect(life.transcript.lines == ["0", "0", "0", "end", "host: continue request"])
        #expect(host.maps[.requestHeaders]?["x-late"] == "1")
    }

    @Test("H1, H2: a local response replaces the answer of the callback, whatever it was")
    func localResponse() throws {
        let life = Life()
        let pairs = #"\01\00\00\00\03\00\00\00\01\00\00\00x-a\001\00"#
        try life.run(
            WatGuest(callbacks: [
                .requestHeaders:
                    "(call $num (call $send_local_response (i32.const 403) {detail} {denied} {\(pairs)} (i32.const -1)))"
            ])
        )
        #expect(
            life.transcript.lines.prefix(3)
                == ["0", "host: answer 403 denied x-a=1", "request headers: stopAllIterationAndWatermark"]
        )
    }
}
