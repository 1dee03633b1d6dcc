import ProxyWasm
import WasmtimeEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The real engine, one for all conformance tests.
enum ConformanceEngine {
    private static let made = Result { try WasmtimeEngine(libraryPath: Self.libraryPath()) }

    static func shared() throws -> WasmtimeEngine { try self.made.get() }

    /// `$MIZZEN_WASMTIME` decides; else `.build/wasmtime` of the repository this file is in.
    private static func libraryPath(_ file: String = #filePath) -> String? {
        if getenv("MIZZEN_WASMTIME") != nil { return nil }
        var directory = file[...]
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            let candidate = "\(directory)/.build/wasmtime/libwasmtime.so"
            if access(candidate, R_OK) == 0 { return candidate }
        }
        return nil
    }
}

/// Builds a guest in WebAssembly text from a few lines.
///
/// The guest tells the test what it saw through `proxy_log` at level info: `$num` logs a number in
/// decimal, `$say` bytes. In every text `{abc}` stands for the address and the length of these bytes
/// (`\hh` is one byte); results come back at 256 (address) and 260 (length).
struct WatGuest {
    /// Where a snippet runs.
    enum Callback: String, CaseIterable {
        case contextCreate = "proxy_on_context_create"
        case vmStart = "proxy_on_vm_start"
        case configure = "proxy_on_configure"
        case tick = "proxy_on_tick"
        case requestHeaders = "proxy_on_request_headers"
        case requestBody = "proxy_on_request_body"
        case requestTrailers = "proxy_on_request_trailers"
        case responseHeaders = "proxy_on_response_headers"
        case responseBody = "proxy_on_response_body"
        case responseTrailers = "proxy_on_response_trailers"
        case httpCallResponse = "proxy_on_http_call_response"
        case done = "proxy_on_done"
        case log = "proxy_on_log"
        case delete = "proxy_on_delete"

        func parameters(_ version: String) -> Int {
            switch self {
            case .tick, .done, .log, .delete: 1
            case .requestHeaders, .responseHeaders: version == "0_1_0" ? 2 : 3
            case .contextCreate, .vmStart, .configure, .requestTrailers, .responseTrailers: 2
            case .requestBody, .responseBody: 3
            case .httpCallResponse: 5
            }
        }

        /// What it answers when the snippet says nothing; nil: it has no result.
        var result: Int? {
            switch self {
            case .vmStart, .configure, .done: 1
            case .requestHeaders, .requestBody, .requestTrailers, .responseHeaders, .responseBody, .responseTrailers: 0
            case .contextCreate, .tick, .httpCallResponse, .log, .delete: nil
            }
        }
    }

    var version = "0_2_1"
    /// Bodies by callback; `(return …)` inside changes the answer. Locals `$a`, `$b`, `$c` are there.
    var callbacks: [Callback: String] = [:]
    /// More module fields.
    var fields = ""
    /// Replaces the bump allocator's body; the size is local 0.
    var allocator = """
        (global.set $allocations (i32.add (global.get $allocations) (i32.const 1)))
        (global.set $last_size (local.get 0))
        (local.set 1 (global.get $heap))
        (global.set $heap (i32.add (global.get $heap) (i32.and (i32.add (local.get 0) (i32.const 7)) (i32.const -8))))
        (local.get 1)
        """
    var exportsAllocator = true

    func wasm() throws -> [UInt8] {
        _ = try ConformanceEngine.shared()
        return try wat2wasm(self.text)
    }

    var text: String {
        var texts = Texts()
        var functions = ""
        for callback in Callback.allCases {
            guard let body = self.callbacks[callback] else { continue }
            let parameters = Array(repeating: "i32", count: callback.parameters(self.version)).joined(separator: " ")
            functions += """
                (func $\(callback.rawValue) (export "\(callback.rawValue)") (param \(parameters))
                  \(callback.result == nil ? "" : "(result i32)") (local $a i32) (local $b i32) (local $c i32)
                  \(texts.expand(body))
                  \(callback.result.map { "(i32.const \($0))" } ?? ""))

                """
        }
        let export = self.exportsAllocator ? #"(export "proxy_on_memory_allocate")"# : ""
        return """
            (module
              \(Self.imports)
              (memory (export "memory") 2)
              (global $heap (mut i32) (i32.const 65536))
              (global $allocations (mut i32) (i32.const 0))
              (global $last_size (mut i32) (i32.const 0))
              (func (export "proxy_abi_version_\(self.version)"))
              (func $allocate \(export) (param i32) (result i32) (local i32) \(texts.expand(self.allocator)))
              \(Self.helpers)
              \(texts.expand(self.fields))
              \(functions)
              \(texts.segments))
            """
    }

    /// Byte strings used by a module, placed from 0x2000 upwards.
    private struct Texts {
        var segments = ""
        private var next = 0x2000
        private var known: [Substring: (Int, Int)] = [:]

        mutating func expand(_ text: String) -> String {
            var result = ""
            var rest = text[...]
            while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
                let (address, count) = self.place(rest[rest.index(after: open)..<close])
                result += rest[..<open] + "(i32.const \(address)) (i32.const \(count))"
                rest = rest[rest.index(after: close)...]
            }
            return result + rest
        }

        private mutating func place(_ text: Substring) -> (Int, Int) {
            if let place = self.known[text] { return place }
            // `\hh` is three characters for one byte.
            let count = text.utf8.count - 2 * text.utf8.count(where: { $0 == UInt8(ascii: "\\") })
            let place = (self.next, count)
            self.segments += "(data (i32.const \(self.next)) \"\(text)\")\n"
            self.next += count + 1
            self.known[text] = place
            return place
        }
    }

    private static func imports(_ module: String, _ functions: [(String, Int)]) -> String {
        functions.map { name, count in
            let short = name.hasPrefix("proxy_") ? String(name.dropFirst(6)) : name
            let parameters = Array(repeating: "i32", count: count).joined(separator: " ")
            return #"(import "\#(module)" "\#(name)" (func $\#(short) (param \#(parameters)) (result i32)))"#
        }.joined(separator: "\n")
    }

    private static let imports = """
        \(Self.imports("env", [
            ("proxy_log", 3), ("proxy_get_log_level", 1), ("proxy_get_current_time_nanoseconds", 1),
            ("proxy_set_tick_period_milliseconds", 1), ("proxy_get_header_map_size", 2),
            ("proxy_get_header_map_pairs", 3), ("proxy_set_header_map_pairs", 3), ("proxy_get_header_map_value", 5),
            ("proxy_add_header_map_value", 5), ("proxy_replace_header_map_value", 5),
            ("proxy_remove_header_map_value", 3), ("proxy_get_buffer_bytes", 5), ("proxy_get_buffer_status", 3),
            ("proxy_set_buffer_bytes", 5), ("proxy_continue_stream", 1), ("proxy_close_stream", 1),
            ("proxy_set_effective_context", 1), ("proxy_done", 0), ("proxy_send_local_response", 8),
            ("proxy_get_property", 4), ("proxy_get_configuration", 2), ("proxy_http_call", 10),
        ]))
        \(Self.imports("wasi_snapshot_preview1", [
            ("fd_write", 4), ("environ_sizes_get", 2), ("environ_get", 2), ("random_get", 2), ("args_sizes_get", 2),
            ("fd_prestat_get", 2), ("fd_close", 1), ("fd_read", 4), ("poll_oneoff", 4), ("fd_fdstat_get", 2),
        ]))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
          (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
        """

    private static let helpers = """
        (func $say (param i32 i32) (drop (call $log (i32.const 2) (local.get 0) (local.get 1))))
        (func $num (param i32) (local $end i32)
          (local.set $end (i32.const 320))
          (loop $digit
            (local.set $end (i32.sub (local.get $end) (i32.const 1)))
            (i32.store8 (local.get $end) (i32.add (i32.const 48) (i32.rem_u (local.get 0) (i32.const 10))))
            (br_if $digit (local.tee 0 (i32.div_u (local.get 0) (i32.const 10)))))
          (call $say (local.get $end) (i32.sub (i32.const 320) (local.get $end))))
        ;; The status, and what came back if it is 0.
        (func $result (param i32)
          (call $num (local.get 0))
          (if (i32.eqz (local.get 0)) (then (call $say (i32.load (i32.const 256)) (i32.load (i32.const 260))))))
        (func $value (param i32 i32 i32)
          (call $result (call $get_header_map_value (local.get 0) (local.get 1) (local.get 2)
            (i32.const 256) (i32.const 260))))
        (func $bytes (param i32 i32 i32)
          (call $result (call $get_buffer_bytes (local.get 0) (local.get 1) (local.get 2)
            (i32.const 256) (i32.const 260))))
        ;; The number of pairs in a map.
        (func $count (param i32)
          (drop (call $get_header_map_pairs (local.get 0) (i32.const 256) (i32.const 260)))
          (if (i32.load (i32.const 260))
            (then (call $num (i32.load (i32.load (i32.const 256)))))
            (else (call $num (i32.const 0)))))
        """
}
