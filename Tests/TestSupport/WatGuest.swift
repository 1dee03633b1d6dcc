import WasmtimeEngine

/// Builds a guest in WebAssembly text from a few lines.
///
/// The guest tells the test what it saw through `proxy_log` at level info: `$num` logs a number in
/// decimal, `$say` bytes. In every text `{abc}` stands for the address and the length of these bytes
/// (`\hh` is one byte); results come back at 256 (address) and 260 (length).
package struct WatGuest: Sendable {
    /// Where a snippet runs.
    package enum Callback: String, CaseIterable, Sendable {
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
        case grpcInitialMetadata = "proxy_on_grpc_receive_initial_metadata"
        case grpcReceive = "proxy_on_grpc_receive"
        case grpcTrailingMetadata = "proxy_on_grpc_receive_trailing_metadata"
        case grpcClose = "proxy_on_grpc_close"
        case queueReady = "proxy_on_queue_ready"
        case newConnection = "proxy_on_new_connection"
        case downstreamData = "proxy_on_downstream_data"
        case upstreamData = "proxy_on_upstream_data"
        case downstreamClose = "proxy_on_downstream_connection_close"
        case upstreamClose = "proxy_on_upstream_connection_close"
        case done = "proxy_on_done"
        case log = "proxy_on_log"
        case delete = "proxy_on_delete"
        case foreignFunction = "proxy_on_foreign_function"
        case resolveDNS = "envoy_on_resolve_dns"

        package func parameters(_ version: String) -> Int {
            switch self {
            case .tick, .newConnection, .done, .log, .delete: 1
            case .downstreamClose, .upstreamClose: 2
            case .requestHeaders, .responseHeaders: version == "0_1_0" ? 2 : 3
            case .contextCreate, .vmStart, .configure, .requestTrailers, .responseTrailers, .queueReady: 2
            case .requestBody, .responseBody, .foreignFunction, .resolveDNS, .downstreamData, .upstreamData: 3
            case .grpcInitialMetadata, .grpcReceive, .grpcTrailingMetadata, .grpcClose: 3
            case .httpCallResponse: 5
            }
        }

        /// What it answers when the snippet says nothing; nil: it has no result.
        package var result: Int? {
            switch self {
            case .vmStart, .configure, .done: 1
            case .requestHeaders, .requestBody, .requestTrailers, .responseHeaders, .responseBody, .responseTrailers,
                .newConnection, .downstreamData, .upstreamData:
                0
            case .contextCreate, .tick, .httpCallResponse, .queueReady, .downstreamClose, .upstreamClose, .log,
                .delete, .foreignFunction, .resolveDNS:
                nil
            case .grpcInitialMetadata, .grpcReceive, .grpcTrailingMetadata, .grpcClose: nil
            }
        }
    }

    package var version = "0_2_1"
    /// Bodies by callback; `(return …)` inside changes the answer. Locals `$a`, `$b`, `$c` are there.
    package var callbacks: [Callback: String] = [:]
    /// More module fields.
    package var fields = ""
    /// Replaces the bump allocator's body; the size is local 0.
    package var allocator = """
        (global.set $allocations (i32.add (global.get $allocations) (i32.const 1)))
        (global.set $last_size (local.get 0))
        (local.set 1 (global.get $heap))
        (global.set $heap (i32.add (global.get $heap) (i32.and (i32.add (local.get 0) (i32.const 7)) (i32.const -8))))
        (local.get 1)
        """
    package var exportsAllocator = true

    package init(
        version: String = "0_2_1",
        callbacks: [Callback: String] = [:],
        fields: String = "",
        exportsAllocator: Bool = true
    ) {
        self.version = version
        self.callbacks = callbacks
        self.fields = fields
        self.exportsAllocator = exportsAllocator
    }

    package func wasm() throws -> [UInt8] { try Self.compile(self.text) }

    /// The binary form of a module's text.
    package static func compile(_ text: String) throws -> [UInt8] {
        _ = try ConformanceEngine.shared()
        return try wat2wasm(text)
    }

    package var text: String {
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
}
