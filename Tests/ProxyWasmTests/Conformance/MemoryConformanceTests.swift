import TestSupport
import Testing

/// Section C of the rules: memory and allocation.
struct MemoryConformanceTests {
    static let path = "(i32.const 0) {:path} (i32.const 256) (i32.const 260)"
    static let level = "(call $num (call $log (i32.const 2)"

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "C1 a slice that ends beyond memory", "\(level) (i32.const 131069) (i32.const 4)))", sees: ["6"]),
        ConformanceCase(
            "N15 a property's path beyond the memory",
            "(call $num (call $get_property (i32.const -1) (i32.const 4) (i32.const 256) (i32.const 260)))",
            sees: ["6"]
        ),
        ConformanceCase("C2 no 32-bit wrap", "\(level) (i32.const -1) (i32.const 2)))", sees: ["6"]),
        ConformanceCase(
            "C3 an empty slice at the end is valid, behind it is not",
            """
            \(level) (i32.const 131072) (i32.const 0)))
            \(level) (i32.const 131073) (i32.const 0)))
            """,
            sees: ["", "0", "6"]
        ),
        ConformanceCase(
            "C4 address 0 is memory",
            "(i32.store8 (i32.const 0) (i32.const 65)) \(level) (i32.const 0) (i32.const 1)))",
            sees: ["A", "0"]
        ),
        ConformanceCase(
            "C5 the level is checked before the slice",
            "(call $num (call $log (i32.const 6) (i32.const -1) (i32.const 4)))",
            sees: ["2"]
        ),
        ConformanceCase(
            "C6 a value of n bytes is allocated once with exactly n",
            """
            (call $value (i32.const 0) {:path})
            (call $num (global.get $allocations)) (call $num (global.get $last_size))
            (call $num (i32.eq (i32.load (i32.const 256)) (i32.const 65536)))
            """,
            sees: ["0", "/a?b", "1", "4", "1"]
        ),
        ConformanceCase(
            "C7 empty value does not allocate",
            """
            (i32.store (i32.const 256) (i32.const 77)) (i32.store (i32.const 260) (i32.const 77))
            (call $num (call $get_header_map_value (i32.const 0) {x-empty} (i32.const 256) (i32.const 260)))
            (call $num (i32.load (i32.const 256))) (call $num (i32.load (i32.const 260)))
            (call $num (global.get $allocations))
            """,
            sees: ["0", "0", "0", "0"]
        ),
        ConformanceCase(
            "C8 an allocator that has nothing: out-pointers untouched",
            """
            (i32.store (i32.const 256) (i32.const 77)) (i32.store (i32.const 260) (i32.const 78))
            (call $num (call $get_header_map_value \(path)))
            (call $num (i32.load (i32.const 256))) (call $num (i32.load (i32.const 260)))
            """,
            allocator: "(i32.const 0)",
            sees: ["6", "77", "78"]
        ),
        ConformanceCase(
            "C9 an allocator that answers an address beyond memory",
            "(call $num (call $get_header_map_value \(path)))",
            allocator: "(i32.const 131070)",
            sees: ["6"]
        ),
        ConformanceCase(
            "C10 an allocator that traps fails the VM; no further guest call",
            "(drop (call $get_header_map_value \(path)))",
            allocator: "unreachable",
            sees: [
                "critical: Function: proxy_on_memory_allocate failed: wasm trap: wasm `unreachable` instruction executed",
                "critical: allocate",
                "critical: proxy_on_request_headers",
                "host: failed trap",
                "request headers: failed",
                "request body: failed",
                "response headers: failed",
                "response body: failed",
            ]
        ),
        ConformanceCase(
            "C11 an allocator that grows memory: the value arrives behind the growth",
            "(call $value (i32.const 0) {:path}) (call $num (memory.size))",
            allocator: "(i32.mul (memory.grow (i32.const 64)) (i32.const 65536))",
            sees: ["0", "/a?b", "66"]
        ),
        ConformanceCase(
            "C12 an allocator may log",
            "(call $value (i32.const 0) {:path})",
            allocator: "(call $say {allocating}) (i32.const 65536)",
            sees: ["allocating", "0", "/a?b"]
        ),
        ConformanceCase(
            "C14 an out-pointer beyond memory",
            "(call $num (call $get_header_map_value (i32.const 0) {:path} (i32.const 256) (i32.const 131069)))",
            sees: ["6"]
        ),
        ConformanceCase(
            "C15 out-pointer 0 is an address",
            """
            (call $num (call $get_header_map_value (i32.const 0) {:path} (i32.const 0) (i32.const 4)))
            (call $say (i32.load (i32.const 0)) (i32.load (i32.const 4)))
            """,
            sees: ["0", "/a?b"]
        ),
        ConformanceCase(
            "C16 out-pointers at odd addresses",
            """
            (call $num (call $get_header_map_value (i32.const 0) {:path} (i32.const 257) (i32.const 263)))
            (call $say (i32.load (i32.const 257)) (i32.load (i32.const 263)))
            """,
            sees: ["0", "/a?b"]
        ),
        ConformanceCase(
            "C17 32-bit results are little-endian",
            """
            (i32.store (i32.const 256) (i32.const -1))
            (call $num (call $get_log_level (i32.const 256)))
            (call $num (i32.load8_u (i32.const 256))) (call $num (i32.load8_u (i32.const 259)))
            """,
            sees: ["0", "2", "0"]
        ),
        ConformanceCase(
            "C18 a 64-bit result at an address that is no multiple of 8",
            """
            (call $num (call $get_current_time_nanoseconds (i32.const 259)))
            (call $num (i64.eq (i64.load (i32.const 259)) (i64.const 1700000000123456789)))
            (call $num (call $get_current_time_nanoseconds (i32.const 131068)))
            """,
            sees: ["0", "1", "6"]
        ),
        ConformanceCase(
            "C19 key and value slices that overlap",
            """
            (local.set $a {x-over}) (local.set $b)
            (call $num (call $add_header_map_value (i32.const 0)
              (local.get $b) (i32.const 6) (i32.add (local.get $b) (i32.const 2)) (i32.const 4)))
            (call $value (i32.const 0) {x-over})
            """,
            sees: ["0", "0", "over"]
        ),
    ]

    @Test("Memory and allocation", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("C13: an allocator that calls a restricted function fails the VM, and the log says so")
    func restrictedAllocator() throws {
        var guest = WatGuest(callbacks: [.requestHeaders: "(drop (call $get_header_map_value \(Self.path)))"])
        guest.allocator = "(drop (call $done)) (i32.const 65536)"
        let life = Life()
        try life.run(guest)
        #expect(life.transcript.lines.first?.contains("restricted") == true, "\(life.transcript.lines)")
        #expect(life.transcript.lines.contains("host: failed trap"))
        #expect(life.host.failures == 1)
    }
}
