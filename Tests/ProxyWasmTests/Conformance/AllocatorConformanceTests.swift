import ProxyWasm
import TestSupport
import Testing

/// R7: a module that exports both allocators, as TinyGo's do.
///
/// TinyGo's `malloc` keeps all it has given out until somebody frees it, which no host does; what
/// `proxy_on_memory_allocate` gives out is collected. Here the one grows the memory, the other goes round in a ring.
struct AllocatorConformanceTests {
    private static let streams = 10_000

    private static func read(_ call: String) -> String { "(if \(call) (then unreachable))" }

    private static func guest() -> WatGuest {
        let value = Self.read(
            "(call $get_header_map_value (i32.const 0) {user-agent} (i32.const 256) (i32.const 260))")
        let pairs = Self.read("(call $get_header_map_pairs (i32.const 2) (i32.const 256) (i32.const 260))")
        var guest = WatGuest(
            callbacks: [
                .requestHeaders: value,
                .responseHeaders: pairs,
                .log: """
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (if (i32.or (i32.eq (global.get $n) (i32.const 1)) (i32.eq (global.get $n) (i32.const \(Self.streams))))
                  (then (call $num (memory.size)) (call $num (global.get $mallocs))))
                """,
            ],
            fields: #"""
                (global $mallocs (mut i32) (i32.const 0))
                (func (export "malloc") (param i32) (result i32)
                  (global.set $mallocs (i32.add (global.get $mallocs) (i32.const 1)))
                  (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
                (func (export "free") (param i32))
                """#
        )
        guest.allocator = """
            (if (i32.gt_u (i32.add (global.get $heap) (local.get 0)) (i32.const 81920))
              (then (global.set $heap (i32.const 65536))))
            (local.set 1 (global.get $heap))
            (global.set $heap (i32.add (global.get $heap) (local.get 0)))
            (local.get 1)
            """
        return guest
    }

    @Test("R7 TinyGo: 10,000 streams that read headers leave the guest's memory as it was")
    func memoryStaysFlat() throws {
        let life = Life()
        let plugin = try life.start(Self.guest())
        for _ in 0..<Self.streams {
            let host = RecordingStream(life.transcript)
            let stream = plugin.makeStream(host: host)
            _ = stream.onRequestHeaders(endOfStream: true)
            host.maps[.responseHeaders] = RecordingStream.map(RecordingStream.response)
            _ = stream.onResponseHeaders(endOfStream: true)
            stream.onLog()
            stream.finish()
            withExtendedLifetime(host) {}
        }
        // Pages and calls of malloc, after the first stream and after the last.
        #expect(life.transcript.lines == ["2", "0", "2", "0"])
        withExtendedLifetime(life.host) {}
    }
}
