import TestSupport

/// The callbacks that fail, by what a client sees of it.
enum FaultPlace: Sendable, CaseIterable {
    /// A callback of a stream, before its response has begun.
    case create, requestHeaders, requestBody, requestTrailers
    case responseHeaders, responseBody, responseTrailers
    /// When the client has its answer.
    case log, done, delete
    /// Of the root, while streams wait.
    case tick, callResponse, queueReady, foreignFunction
    case grpcInitialMetadata, grpcReceive, grpcTrailingMetadata, grpcClose
    /// Of the root, when it is started again.
    case rootCreate, vmStart, configure

    var isOfStart: Bool { [.rootCreate, .vmStart, .configure].contains(self) }
    var isOfGRPC: Bool {
        [.grpcInitialMetadata, .grpcReceive, .grpcTrailingMetadata, .grpcClose].contains(self)
    }

    var callback: WatGuest.Callback {
        switch self {
        case .create, .rootCreate: .contextCreate
        case .requestHeaders: .requestHeaders
        case .requestBody: .requestBody
        case .requestTrailers: .requestTrailers
        case .responseHeaders: .responseHeaders
        case .responseBody: .responseBody
        case .responseTrailers: .responseTrailers
        case .log: .log
        case .done: .done
        case .delete: .delete
        case .tick: .tick
        case .callResponse: .httpCallResponse
        case .queueReady: .queueReady
        case .foreignFunction: .foreignFunction
        case .grpcInitialMetadata: .grpcInitialMetadata
        case .grpcReceive: .grpcReceive
        case .grpcTrailingMetadata: .grpcTrailingMetadata
        case .grpcClose: .grpcClose
        case .vmStart: .vmStart
        case .configure: .configure
        }
    }
}
