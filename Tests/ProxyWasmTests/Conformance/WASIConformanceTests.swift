import ProxyWasm
import TestSupport
import Testing

/// Section P of the rules: WASI.
struct WASIConformanceTests {
    /// Fills two vectors at 512.
    static let vectors = """
        (local.set $a {a}) (local.set $b)
        (i32.store (i32.const 512) (local.get $b)) (i32.store (i32.const 516) (i32.const 1))
        (local.set $a {b\\0a}) (local.set $b)
        (i32.store (i32.const 520) (local.get $b)) (i32.store (i32.const 524) (i32.const 2))
        """

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "P1 standard output is one info line",
            "\(vectors) (call $num (call $fd_write (i32.const 1) (i32.const 512) (i32.const 2) (i32.const 256))) "
                + "(call $num (i32.load (i32.const 256)))",
            sees: ["ab", "0", "3"]
        ),
        ConformanceCase(
            "P2 standard error is an error line; one newline is cut",
            #"(local.set $a {x\0a\0a}) (local.set $b) (i32.store (i32.const 512) (local.get $b)) "#
                + "(i32.store (i32.const 516) (i32.const 3)) "
                + "(call $num (call $fd_write (i32.const 2) (i32.const 512) (i32.const 1) (i32.const 256)))",
            sees: ["error: x\n", "0"]
        ),
        ConformanceCase(
            "P3 other descriptors, bad vectors, a bad out-pointer",
            """
            \(vectors)
            (call $num (call $fd_write (i32.const 3) (i32.const 512) (i32.const 2) (i32.const 256)))
            (call $num (call $fd_write (i32.const 1) (i32.const 131070) (i32.const 2) (i32.const 256)))
            (call $num (call $fd_write (i32.const 1) (i32.const 512) (i32.const 2) (i32.const 131070)))
            (i32.store (i32.const 524) (i32.const -1))
            (call $num (call $fd_write (i32.const 1) (i32.const 512) (i32.const 2) (i32.const 256)))
            """,
            sees: ["8", "21", "21", "21"]
        ),
        ConformanceCase(
            "P4 no vectors, no line",
            "(i32.store (i32.const 256) (i32.const 9)) "
                + "(call $num (call $fd_write (i32.const 1) (i32.const 512) (i32.const 0) (i32.const 256))) "
                + "(call $num (i32.load (i32.const 256)))",
            sees: ["0", "0"]
        ),
        ConformanceCase(
            "P5 the environment is the configured one",
            """
            (call $num (call $environ_sizes_get (i32.const 256) (i32.const 260)))
            (call $num (i32.load (i32.const 256))) (call $num (i32.load (i32.const 260)))
            (call $num (call $environ_get (i32.const 512) (i32.const 600)))
            (call $say (i32.load (i32.const 516)) (i32.const 11))
            """,
            definition: PluginDefinition(
                name: "default.test",
                environment: [
                    PluginDefinition.EnvironmentVariable(name: "KEY1", value: "VALUE1"),
                    PluginDefinition.EnvironmentVariable(name: "KEY2", value: "VALUE2"),
                ]
            ),
            sees: ["0", "2", "24", "0", "KEY2=VALUE2"]
        ),
        ConformanceCase(
            "P5 none configured, none there",
            "(call $num (call $environ_sizes_get (i32.const 256) (i32.const 260))) (call $num (i32.load (i32.const 256)))",
            sees: ["0", "0"]
        ),
        ConformanceCase(
            "P6 clocks",
            """
            (call $num (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 256)))
            (call $num (i64.eq (i64.load (i32.const 256)) (i64.const 1700000000123456789)))
            (call $num (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 256)))
            (call $num (i32.load (i32.const 256)))
            (call $num (call $clock_time_get (i32.const 2) (i64.const 1) (i32.const 256)))
            (call $num (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 131068)))
            """,
            sees: ["0", "1", "0", "1000", "58", "21"]
        ),
        ConformanceCase(
            "P7, P8 random bytes",
            """
            (call $num (call $random_get (i32.const 512) (i32.const 0)))
            (call $num (call $random_get (i32.const 512) (i32.const 32)))
            (call $num (call $random_get (i32.const 512) (i32.const 65536)))
            (call $num (call $random_get (i32.const 512) (i32.const 66560)))
            (call $num (call $random_get (i32.const 131070) (i32.const 8)))
            """,
            sees: ["0", "0", "0", "28", "21"]
        ),
        ConformanceCase(
            "P9 no arguments",
            "(call $num (call $args_sizes_get (i32.const 256) (i32.const 260))) "
                + "(call $num (i32.load (i32.const 256))) (call $num (i32.load (i32.const 260)))",
            sees: ["0", "0", "0"]
        ),
        ConformanceCase(
            "P10, P11 no files",
            """
            (call $num (call $fd_prestat_get (i32.const 3) (i32.const 256)))
            (call $num (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
              (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 256)))
            (call $num (call $fd_close (i32.const 1)))
            (call $num (call $fd_read (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 256)))
            """,
            sees: ["8", "44", "0", "52"]
        ),
        ConformanceCase(
            "P12 polling answers at once",
            "(i32.store (i32.const 256) (i32.const 9)) "
                + "(call $num (call $poll_oneoff (i32.const 512) (i32.const 600) (i32.const 1) (i32.const 256))) "
                + "(call $num (i32.load (i32.const 256)))",
            sees: ["0", "0"]
        ),
        ConformanceCase(
            "P13 descriptors 1 and 2 can be written to",
            """
            (call $num (call $fd_fdstat_get (i32.const 1) (i32.const 512)))
            (call $num (i32.load8_u (i32.const 520)))
            (call $num (call $fd_fdstat_get (i32.const 0) (i32.const 512)))
            """,
            sees: ["0", "64", "8"]
        ),
    ]

    @Test("WASI", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("P14: proc_exit ends the callback and the VM")
    func exit() throws {
        let life = Life()
        try life.run(WatGuest(callbacks: [.requestHeaders: "(call $proc_exit (i32.const 1)) (call $say {after})"]))
        #expect(life.transcript.lines.contains("host: failed trap"))
        #expect(life.transcript.lines.contains("request headers: failed"))
        #expect(!life.transcript.lines.contains("after"))
        #expect(life.transcript.lines.first?.contains("proc_exit(1)") == true)
    }
}
