/// What a module may export for us to call: the known names, their types, and whether it does.
enum GuestExportTypes {
    static let allocator = FunctionType([.i32], [.i32])
    static let action = FunctionType([], [])
    static let main = FunctionType([.i32, .i32], [.i32])
    static let mainVoid = FunctionType([], [.i32])

    /// The type a callback must have in that ABI version; nil for names nobody calls.
    static func callback(_ name: String, _ version: ABIVersion) -> FunctionType? {
        switch name {
        case "proxy_on_memory_allocate":
            Self.allocator
        case "proxy_on_tick", "proxy_on_log", "proxy_on_delete":
            FunctionType([.i32], [])
        case "proxy_on_context_create", "proxy_on_queue_ready", "proxy_on_downstream_connection_close",
            "proxy_on_upstream_connection_close":
            FunctionType([.i32, .i32], [])
        case "proxy_on_done", "proxy_on_new_connection":
            FunctionType([.i32], [.i32])
        case "proxy_on_vm_start", "proxy_on_configure", "proxy_validate_configuration",
            "proxy_on_request_trailers", "proxy_on_response_trailers":
            FunctionType([.i32, .i32], [.i32])
        case "proxy_on_request_headers", "proxy_on_response_headers":
            version == .v0_1_0 ? FunctionType([.i32, .i32], [.i32]) : FunctionType([.i32, .i32, .i32], [.i32])
        case "proxy_on_request_body", "proxy_on_response_body", "proxy_on_downstream_data",
            "proxy_on_upstream_data":
            FunctionType([.i32, .i32, .i32], [.i32])
        case "proxy_on_http_call_response":
            FunctionType([.i32, .i32, .i32, .i32, .i32], [])
        case "proxy_on_grpc_receive_initial_metadata", "proxy_on_grpc_receive_trailing_metadata",
            "proxy_on_grpc_receive", "proxy_on_grpc_close", "proxy_on_foreign_function",
            "envoy_on_resolve_dns":
            FunctionType([.i32, .i32, .i32], [])
        default:
            nil
        }
    }
}

/// The callbacks of one instance, resolved once. Nil: the guest does not have it.
struct GuestExports {
    var allocate: GuestFunction?
    var contextCreate: GuestFunction?
    var vmStart: GuestFunction?
    var validateConfiguration: GuestFunction?
    var configure: GuestFunction?
    var tick: GuestFunction?
    var queueReady: GuestFunction?
    var requestHeaders: GuestFunction?
    var requestBody: GuestFunction?
    var requestTrailers: GuestFunction?
    var responseHeaders: GuestFunction?
    var responseBody: GuestFunction?
    var responseTrailers: GuestFunction?
    var httpCallResponse: GuestFunction?
    var grpcInitialMetadata: GuestFunction?
    var grpcReceive: GuestFunction?
    var grpcTrailingMetadata: GuestFunction?
    var grpcClose: GuestFunction?
    var newConnection: GuestFunction?
    var downstreamData: GuestFunction?
    var upstreamData: GuestFunction?
    var downstreamClose: GuestFunction?
    var upstreamClose: GuestFunction?
    var done: GuestFunction?
    var log: GuestFunction?
    var delete: GuestFunction?
    /// 0.2.x
    var foreignFunction: GuestFunction?
    /// Envoy's own.
    var resolveDNS: GuestFunction?

    /// Nothing yet: before instantiation.
    init() {}

    /// `allowed`: `PluginDefinition.allowedCapabilities`.
    init(_ instance: any WasmInstance, version: ABIVersion, allocator: String, allowed: [String]) {
        func find(_ name: String) -> GuestFunction? {
            guard Capabilities.allow(callback: name, allowed) else { return nil }
            guard let type = GuestExportTypes.callback(name, version) else { return nil }
            var function = instance.function(named: name, type: type)
            function?.callback = PluginCallback(export: name)
            return function
        }
        self.allocate = instance.function(named: allocator, type: GuestExportTypes.allocator)
        self.contextCreate = find("proxy_on_context_create")
        self.vmStart = find("proxy_on_vm_start")
        self.validateConfiguration = find("proxy_validate_configuration")
        self.configure = find("proxy_on_configure")
        self.tick = find("proxy_on_tick")
        self.queueReady = find("proxy_on_queue_ready")
        self.requestHeaders = find("proxy_on_request_headers")
        self.requestBody = find("proxy_on_request_body")
        self.requestTrailers = find("proxy_on_request_trailers")
        self.responseHeaders = find("proxy_on_response_headers")
        self.responseBody = find("proxy_on_response_body")
        self.responseTrailers = find("proxy_on_response_trailers")
        self.httpCallResponse = find("proxy_on_http_call_response")
        self.grpcInitialMetadata = find("proxy_on_grpc_receive_initial_metadata")
        self.grpcReceive = find("proxy_on_grpc_receive")
        self.grpcTrailingMetadata = find("proxy_on_grpc_receive_trailing_metadata")
        self.grpcClose = find("proxy_on_grpc_close")
        self.newConnection = find("proxy_on_new_connection")
        self.downstreamData = find("proxy_on_downstream_data")
        self.upstreamData = find("proxy_on_upstream_data")
        self.downstreamClose = find("proxy_on_downstream_connection_close")
        self.upstreamClose = find("proxy_on_upstream_connection_close")
        self.done = find("proxy_on_done")
        self.log = find("proxy_on_log")
        self.delete = find("proxy_on_delete")
        self.foreignFunction = version == .v0_1_0 ? nil : find("proxy_on_foreign_function")
        self.resolveDNS = find("envoy_on_resolve_dns")
    }
}

/// Stands in until the engine has made the real instance (the wasm start section runs before that).
final class NoInstance: WasmInstance {
    // Safe: never changed after it is made; memory of size 0 only needs an address.
    private nonisolated(unsafe) static let nowhere: UnsafePointer<GuestMemory> = {
        let view = UnsafeMutablePointer<GuestMemory>.allocate(capacity: 1)
        let base = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
        view.initialize(to: GuestMemory(base: base, count: 0))
        return UnsafePointer(view)
    }()

    func function(named name: String, type: FunctionType) -> GuestFunction? { nil }

    func call(_ function: GuestFunction, _ values: UnsafeMutablePointer<RawValue>, count: Int) -> Bool { false }

    func takeTrap() -> TrapReport { TrapReport(kind: .host, message: "the module is not instantiated") }

    var memoryView: UnsafePointer<GuestMemory> { Self.nowhere }
}
