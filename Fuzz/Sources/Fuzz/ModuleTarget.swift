import ProxyWasm
import WasmtimeEngine

/// Module bytes. An even first byte: they are the module. An odd one: they describe a well-formed module, of functions
/// with known names and any types, so that what looks at imports and exports is reached.
enum ModuleTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        let module = first & 1 == 0 ? rest : Self.build(rest)
        let limits = VMLimits(memoryBytes: 1 << 20, tableElements: 100, callbackDeadlineMilliseconds: 20)
        let definition = PluginDefinition(name: "fuzz", configuration: [1, 2, 3], limits: limits)
        let host = QuietHost()
        do throws(PluginFailure) {
            let module = try PluginModule(bytes: module, engine: TestEngine.shared)
            let vm = try PluginVM(module: module, definition: definition, host: host, services: SharedServices())
            let plugin = try vm.startPlugin(definition)
            let stream = FullStream()
            let context = plugin.makeStream(host: stream)
            _ = context.onRequestHeaders(endOfStream: false)
            _ = context.onRequestBody(size: 12, endOfStream: true)
            _ = context.onResponseHeaders(endOfStream: true)
            context.onLog()
            context.finish()
            vm.tick(plugin)
            vm.shutDown()
            withExtendedLifetime(stream) {}
        } catch {
            expect(!error.message.isEmpty, "a failure has a text")
        }
        withExtendedLifetime(host) {}
    }

    private static let exports = [
        "proxy_abi_version_0_1_0", "proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1", "proxy_on_memory_allocate",
        "malloc", "_initialize", "_start", "main", "__main_void", "proxy_on_context_create", "proxy_on_vm_start",
        "proxy_on_configure", "proxy_on_request_headers", "proxy_on_request_body", "proxy_on_response_headers",
        "proxy_on_tick", "proxy_on_done", "proxy_on_log", "proxy_on_delete", "proxy_on_new_connection", "x", "",
    ]
    private static let imports = [
        ("env", "proxy_log"), ("env", "proxy_get_buffer_bytes"), ("env", "proxy_continue_request"),
        ("env", "proxy_done"), ("wasi_snapshot_preview1", "fd_write"), ("wasi_unstable", "proc_exit"),
        ("env", "unknown"), ("other", "proxy_log"),
    ]

    /// Three bytes each: kind and name, parameters, results.
    private static func build(_ input: [UInt8]) -> [UInt8] {
        var types: [UInt8] = []
        var imports: [UInt8] = []
        var functions: [UInt8] = []
        var exports: [UInt8] = []
        var bodies: [UInt8] = []
        var counts = (types: 0, imports: 0, functions: 0, exports: 0)
        let steps = stride(from: 0, to: min(input.count - 2, 90), by: 3).map { Array(input[$0..<($0 + 3)]) }
        for step in steps where step[0] & 1 == 0 {
            let (module, name) = Self.imports[Int(step[0] >> 1) % Self.imports.count]
            types += Self.type(step[1], step[2])
            imports += Self.text(module) + Self.text(name) + [0] + Self.number(counts.types)
            counts.types += 1
            counts.imports += 1
        }
        for step in steps where step[0] & 1 == 1 {
            types += Self.type(step[1], step[2])
            functions += Self.number(counts.types)
            exports +=
                Self.text(
                    Self.exports[Int(step[0] >> 1) % Self.exports.count] + (step[2] > 200 ? "\(counts.exports)" : ""))
                + [0] + Self.number(counts.imports + counts.functions)
            // Constants of the result types, or a trap.
            let body: [UInt8] = step[2] & 0x80 == 0 ? Self.results(step[2]).flatMap { Self.constant($0) } : [0x00]
            bodies += Self.number(body.count + 2) + [0] + body + [0x0B]
            counts.types += 1
            counts.functions += 1
            counts.exports += 1
        }
        func section(_ id: UInt8, _ count: Int, _ content: [UInt8]) -> [UInt8] {
            let bytes = Self.number(count) + content
            return [id] + Self.number(bytes.count) + bytes
        }
        let memory = section(5, 1, [0, 1])
        let memoryExport = Self.text("memory") + [2, 0]
        return [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0] + section(1, counts.types, types) + section(2, counts.imports, imports)
            + section(3, counts.functions, functions) + memory + section(7, counts.exports + 1, exports + memoryExport)
            + section(10, counts.functions, bodies)
    }

    private static let valueTypes: [UInt8] = [0x7F, 0x7E, 0x7D, 0x7C]

    /// Up to seven parameters, mostly i32; up to two results.
    private static func type(_ parameters: UInt8, _ results: UInt8) -> [UInt8] {
        let other = Self.valueTypes[Int(parameters >> 3 & 3)]
        let taken: [UInt8] = (0..<(parameters & 7)).map { $0 == parameters >> 5 ? other : 0x7F }
        let given = Self.results(results)
        return [0x60] + Self.number(taken.count) + taken + Self.number(given.count) + given
    }

    private static func results(_ byte: UInt8) -> [UInt8] {
        (0..<(byte % 3)).map { _ in Self.valueTypes[byte & 0x40 == 0 ? 0 : Int(byte >> 2 & 3)] }
    }

    private static func constant(_ type: UInt8) -> [UInt8] {
        switch type {
        case 0x7F: [0x41, 1]
        case 0x7E: [0x42, 1]
        case 0x7D: [0x43, 0, 0, 0, 0]
        default: [0x44, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }

    private static func text(_ text: String) -> [UInt8] { Self.number(text.utf8.count) + Array(text.utf8) }

    /// LEB128.
    private static func number(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
