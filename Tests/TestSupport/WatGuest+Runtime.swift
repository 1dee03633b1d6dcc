/// What every guest has: all imports, and functions that report.
extension WatGuest {
    private static func imports(_ module: String, _ functions: [(String, Int)]) -> String {
        functions.map { name, count in
            let short = name.hasPrefix("proxy_") ? String(name.dropFirst(6)) : name
            let parameters = Array(repeating: "i32", count: count).joined(separator: " ")
            return #"(import "\#(module)" "\#(name)" (func $\#(short) (param \#(parameters)) (result i32)))"#
        }.joined(separator: "\n")
    }

    static let imports = """
        \(Self.imports("env", [
            ("proxy_log", 3), ("proxy_get_log_level", 1), ("proxy_get_current_time_nanoseconds", 1),
            ("proxy_set_tick_period_milliseconds", 1), ("proxy_get_header_map_size", 2),
            ("proxy_get_header_map_pairs", 3), ("proxy_set_header_map_pairs", 3), ("proxy_get_header_map_value", 5),
            ("proxy_add_header_map_value", 5), ("proxy_replace_header_map_value", 5),
            ("proxy_remove_header_map_value", 3), ("proxy_get_buffer_bytes", 5), ("proxy_get_buffer_status", 3),
            ("proxy_set_buffer_bytes", 5), ("proxy_continue_stream", 1), ("proxy_close_stream", 1),
            ("proxy_set_effective_context", 1), ("proxy_done", 0), ("proxy_send_local_response", 8),
            ("proxy_get_property", 4), ("proxy_set_property", 4), ("proxy_get_configuration", 2),
            ("proxy_http_call", 10), ("proxy_grpc_call", 12), ("proxy_grpc_stream", 9), ("proxy_grpc_send", 4),
            ("proxy_grpc_cancel", 1), ("proxy_grpc_close", 1), ("proxy_get_status", 3), ("proxy_get_shared_data", 5),
            ("proxy_set_shared_data", 5), ("proxy_register_shared_queue", 3), ("proxy_enqueue_shared_queue", 3),
            ("proxy_dequeue_shared_queue", 3), ("proxy_resolve_shared_queue", 5), ("proxy_define_metric", 4),
            ("proxy_get_metric", 2), ("proxy_continue_request", 0), ("proxy_continue_response", 0),
            ("proxy_call_foreign_function", 6), ("envoy_resolve_dns", 3),
        ]))
        \(Self.imports("wasi_snapshot_preview1", [
            ("fd_write", 4), ("environ_sizes_get", 2), ("environ_get", 2), ("random_get", 2), ("args_sizes_get", 2),
            ("fd_prestat_get", 2), ("fd_close", 1), ("fd_read", 4), ("poll_oneoff", 4), ("fd_fdstat_get", 2),
        ]))
        (import "env" "proxy_increment_metric" (func $increment_metric (param i32 i64) (result i32)))
        (import "env" "proxy_record_metric" (func $record_metric (param i32 i64) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
          (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
        """

    static let helpers = """
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
        ;; Lines of a name and numbers.
        (global $held (mut i32) (i32.const 0))
        (global $n (mut i32) (i32.const 0))
        (global $cursor (mut i32) (i32.const 1024))
        (func $put (param i32 i32)
          (memory.copy (global.get $cursor) (local.get 0) (local.get 1))
          (global.set $cursor (i32.add (global.get $cursor) (local.get 1))))
        (func $put_byte (param i32)
          (i32.store8 (global.get $cursor) (local.get 0))
          (global.set $cursor (i32.add (global.get $cursor) (i32.const 1))))
        (func $put_number (param i32)
          (if (i32.ge_u (local.get 0) (i32.const 10))
            (then (call $put_number (i32.div_u (local.get 0) (i32.const 10)))))
          (call $put_byte (i32.add (i32.const 48) (i32.rem_u (local.get 0) (i32.const 10)))))
        (func $end_line
          (call $say (i32.const 1024) (i32.sub (global.get $cursor) (i32.const 1024)))
          (global.set $cursor (i32.const 1024)))
        ;; NAME A
        (func $event (param i32 i32 i32)
          (call $put (local.get 0) (local.get 1))
          (call $put_byte (i32.const 32)) (call $put_number (local.get 2))
          (call $end_line))
        ;; NAME A B
        (func $event2 (param i32 i32 i32 i32)
          (call $put (local.get 0) (local.get 1))
          (call $put_byte (i32.const 32)) (call $put_number (local.get 2))
          (call $put_byte (i32.const 32)) (call $put_number (local.get 3))
          (call $end_line))
        (func $shared (param i32 i32)
          (call $result (call $get_shared_data (local.get 0) (local.get 1)
            (i32.const 256) (i32.const 260) (i32.const 264))))
        (func $property (param i32 i32)
          (call $result (call $get_property (local.get 0) (local.get 1) (i32.const 256) (i32.const 260))))
        ;; The status, and what came back in hex if it is 0 and not empty.
        (func $hex (param i32) (local i32 i32)
          (call $put_number (local.get 0))
          (if (i32.eqz (local.get 0))
            (then
              (call $put_byte (i32.const 32))
              (local.set 1 (i32.load (i32.const 256)))
              (local.set 2 (i32.add (local.get 1) (i32.load (i32.const 260))))
              (block $done
                (loop $next
                  (br_if $done (i32.ge_u (local.get 1) (local.get 2)))
                  (call $put_nibble (i32.shr_u (i32.load8_u (local.get 1)) (i32.const 4)))
                  (call $put_nibble (i32.and (i32.load8_u (local.get 1)) (i32.const 15)))
                  (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                  (br $next)))))
          (call $end_line))
        (func $put_nibble (param i32)
          (call $put_byte (i32.add (local.get 0)
            (if (result i32) (i32.lt_u (local.get 0) (i32.const 10)) (then (i32.const 48)) (else (i32.const 87))))))
        (func $hex_property (param i32 i32)
          (call $hex (call $get_property (local.get 0) (local.get 1) (i32.const 256) (i32.const 260))))
        ;; A foreign function by name, with an argument; its result at 256 and 260.
        (func $foreign (param i32 i32 i32 i32) (result i32)
          (call $call_foreign_function (local.get 0) (local.get 1) (local.get 2) (local.get 3)
            (i32.const 256) (i32.const 260)))
        ;; The size of a property's value and its first 32 bits, or the status.
        (func $integer (param i32 i32) (local i32)
          (local.set 2 (call $get_property (local.get 0) (local.get 1) (i32.const 256) (i32.const 260)))
          (if (local.get 2)
            (then (call $num (local.get 2)))
            (else
              (call $put_number (i32.load (i32.const 260))) (call $put_byte (i32.const 32))
              (call $put_number
                (if (result i32) (i32.lt_u (i32.load (i32.const 260)) (i32.const 4))
                  (then (i32.load8_u (i32.load (i32.const 256))))
                  (else (i32.load (i32.load (i32.const 256))))))
              (call $end_line))))
        """
}
