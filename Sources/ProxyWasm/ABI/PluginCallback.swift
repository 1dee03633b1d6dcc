/// What a guest exports for the host to call, as far as calls are counted and timed apart.
public enum PluginCallback: UInt8, Sendable, CaseIterable {
    case contextCreate, vmStart, configure, tick, queueReady
    case requestHeaders, requestBody, requestTrailers
    case responseHeaders, responseBody, responseTrailers
    case newConnection, downstreamData, upstreamData, downstreamConnectionClose, upstreamConnectionClose
    case httpCallResponse
    case grpcReceiveInitialMetadata, grpcReceive, grpcReceiveTrailingMetadata, grpcClose
    case foreignFunction
    case resolveDNS
    case done, log, delete
    /// Anything else.
    case other

    /// The export's name without `proxy_` or `envoy_`: `on_request_headers`.
    public var name: String {
        switch self {
        case .contextCreate: "on_context_create"
        case .vmStart: "on_vm_start"
        case .configure: "on_configure"
        case .tick: "on_tick"
        case .queueReady: "on_queue_ready"
        case .requestHeaders: "on_request_headers"
        case .requestBody: "on_request_body"
        case .requestTrailers: "on_request_trailers"
        case .responseHeaders: "on_response_headers"
        case .responseBody: "on_response_body"
        case .responseTrailers: "on_response_trailers"
        case .newConnection: "on_new_connection"
        case .downstreamData: "on_downstream_data"
        case .upstreamData: "on_upstream_data"
        case .downstreamConnectionClose: "on_downstream_connection_close"
        case .upstreamConnectionClose: "on_upstream_connection_close"
        case .httpCallResponse: "on_http_call_response"
        case .grpcReceiveInitialMetadata: "on_grpc_receive_initial_metadata"
        case .grpcReceive: "on_grpc_receive"
        case .grpcReceiveTrailingMetadata: "on_grpc_receive_trailing_metadata"
        case .grpcClose: "on_grpc_close"
        case .foreignFunction: "on_foreign_function"
        case .resolveDNS: "on_resolve_dns"
        case .done: "on_done"
        case .log: "on_log"
        case .delete: "on_delete"
        case .other: "other"
        }
    }

    /// The callback with that export name.
    init(export: String) {
        self = Self.allCases.first { "proxy_\($0.name)" == export || "envoy_\($0.name)" == export } ?? .other
    }
}
