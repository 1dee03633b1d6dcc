import WasmtimeEngine

@testable import ProxyWasm

/// Every hostcall with hostile arguments, from a real guest. The input is the guest's program and the bytes its
/// arguments point at:
///
/// - 255, status: ends the running callback with that status; the next one goes on behind it;
/// - N, then two bytes per parameter: calls hostcall N (modulo their number), in the order of `functions`. A parameter
///   is those bytes as a signed number, a large one times three: addresses around the end of the page, and below 2³².
enum HostcallsTarget {
    static let functions: [(module: String, name: String, type: FunctionType)] = {
        let all =
            HostcallTable.groups.joined().map { ("env", $0.name, $0.variants[0].type) }
            + HostcallTable.wasiGroups.joined().map { ("wasi_snapshot_preview1", $0.name, $0.variants[0].type) }
        let first = Self.first.compactMap { name in all.first { $0.1 == name } }
        return first + all.filter { !Self.first.contains($0.1) }
    }()

    /// In the seeds by their numbers, which new hostcalls must not move.
    private static let first = [
        "proxy_log", "proxy_set_header_map_pairs", "fd_write", "proxy_get_property", "proxy_set_property",
        "proxy_get_header_map_pairs", "proxy_add_header_map_value", "proxy_set_buffer_bytes", "proxy_get_buffer_bytes",
        "proxy_send_local_response", "proxy_http_call", "proxy_set_shared_data", "proxy_get_shared_data",
        "proxy_register_shared_queue", "proxy_enqueue_shared_queue", "proxy_define_metric", "environ_get", "random_get",
    ]

    private static let module: PluginModule = {
        do {
            return try PluginModule(bytes: try wat2wasm(Self.text), engine: TestEngine.shared)
        } catch {
            fatalError("the guest does not load: \(error)")
        }
    }()

    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= 16384 else { return }
        let limits = VMLimits(memoryBytes: 4 << 16, callbackDeadlineMilliseconds: 50)
        let definition = PluginDefinition(
            name: "fuzz", configuration: Array(bytes), environment: [.init(name: "A", value: "b")], limits: limits)
        let host = QuietHost()
        let stream = FullStream()
        do throws(PluginFailure) {
            let vm = try PluginVM(module: Self.module, definition: definition, host: host, services: SharedServices())
            let plugin = try vm.startPlugin(definition)
            let context = plugin.makeStream(host: stream)
            _ = context.onRequestHeaders(endOfStream: false)
            _ = context.onRequestBody(size: 12, endOfStream: true)
            if let token = host.takeCall() {
                vm.httpCallResponse(
                    token: token, headers: stream.headerMap(.responseHeaders),
                    body: stream.bodyBuffer(.httpResponseBody),
                    trailers: nil)
            }
            if let lookup = host.takeLookup() {
                vm.nameResolved(token: lookup.token, addresses: [ResolvedAddress(text: lookup.name, ttlSeconds: 1)])
            }
            vm.tick(plugin)
            _ = context.onResponseHeaders(endOfStream: false)
            _ = context.onResponseBody(size: 13, endOfStream: true)
            vm.deliverQueueEvents()
            context.onLog()
            context.finish()
            vm.shutDown()
            expect(vm.memoryBytes <= 4 << 16, "memory keeps its bound")
        } catch {
            // A guest may refuse, trap or run too long.
        }
        withExtendedLifetime((host, stream)) {}
    }

    /// The interpreter, in WebAssembly text.
    private static var text: String {
        var imports = ""
        var cases = ""
        for (index, function) in Self.functions.enumerated() {
            let parameters = function.type.parameters
            let result = function.type.results.map { "(result \($0))" }.joined()
            imports += """
                (import "\(function.module)" "\(function.name)" (func $f\(index)
                  (param \(parameters.map { $0 == .i64 ? "i64" : "i32" }.joined(separator: " "))) \(result)))\n
                """
            var call = "(call $f\(index)"
            for parameter in parameters {
                call += parameter == .i64 ? " (i64.extend_i32_s (call $next))" : " (call $next)"
            }
            call += ")"
            cases += "(if (i32.eq (local.get $op) (i32.const \(index))) (then "
            cases += result.isEmpty ? "\(call)))\n" : "(drop \(call))))\n"
        }
        return """
            (module
            \(imports)
            (memory (export "memory") 1)
            (global $cursor (mut i32) (i32.const 0))
            (global $end (mut i32) (i32.const 0))
            (global $heap (mut i32) (i32.const 3))
            (func (export "proxy_abi_version_0_2_1"))
            ;; The configuration first, at 3; then from its end, round and round.
            (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $at i32)
              (if (i32.gt_u (local.get $size) (i32.const 40000)) (then (return (i32.const 0))))
              (if (i32.gt_u (i32.add (global.get $heap) (local.get $size)) (i32.const 65536))
                (then (global.set $heap (i32.add (global.get $end) (i32.const 3)))))
              (local.set $at (global.get $heap))
              (global.set $heap (i32.add (global.get $heap) (local.get $size)))
              (local.get $at))
            (func $next (result i32) (local $value i32)
              (if (i32.gt_u (i32.add (global.get $cursor) (i32.const 2)) (global.get $end))
                (then (global.set $cursor (global.get $end)) (return (i32.const 0))))
              (global.set $cursor (i32.add (global.get $cursor) (i32.const 2)))
              (local.set $value (i32.load16_s (i32.sub (global.get $cursor) (i32.const 2))))
              (if (i32.lt_u (i32.add (local.get $value) (i32.const 256)) (i32.const 512))
                (then (return (local.get $value))))
              (i32.mul (i32.const 3) (local.get $value)))
            (func $run (result i32) (local $op i32)
              (loop $again
                (if (i32.ge_u (global.get $cursor) (global.get $end)) (then (return (i32.const 0))))
                (local.set $op (i32.load8_u (global.get $cursor)))
                (global.set $cursor (i32.add (global.get $cursor) (i32.const 1)))
                (if (i32.eq (local.get $op) (i32.const 255)) (then (return (call $next))))
                (local.set $op (i32.rem_u (local.get $op) (i32.const \(Self.functions.count))))
                \(cases)
                (br $again))
              (i32.const 0))
            (func (export "proxy_on_configure") (param i32 i32) (result i32)
              (drop (call $f\(Self.index("proxy_get_buffer_bytes"))
                (i32.const 7) (i32.const 0) (local.get 1) (i32.const 65500) (i32.const 65504)))
              (global.set $cursor (i32.const 3))
              (global.set $end (i32.add (i32.const 3) (local.get 1)))
              (drop (call $run)) (i32.const 1))
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $run))
            (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (call $run))
            (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $run))
            (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32) (call $run))
            (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32) (drop (call $run)))
            (func (export "envoy_on_resolve_dns") (param i32 i32 i32) (drop (call $run)))
            (func (export "proxy_on_queue_ready") (param i32 i32) (drop (call $run)))
            (func (export "proxy_on_tick") (param i32) (drop (call $run)))
            (func (export "proxy_on_log") (param i32) (drop (call $run)))
            (func (export "proxy_on_done") (param i32) (result i32) (call $run))
            )
            """
    }

    static func index(_ name: String) -> Int { Self.functions.firstIndex { $0.name == name } ?? 0 }
}
