import TestSupport

/// The callbacks of a NETWORK plugin that fail, by what a client sees of it.
enum ConnectionFaultPlace: Sendable, CaseIterable {
    /// Of a connection, before its bytes have been echoed.
    case create, newConnection, downstreamData, upstreamData
    /// When they have.
    case downstreamClose, upstreamClose, done, log, delete
    /// Of the root, while a connection waits.
    case tick, callResponse, queueReady, foreignFunction
    case grpcInitialMetadata, grpcReceive, grpcTrailingMetadata, grpcClose
    /// Of the root, when it is started again.
    case rootCreate, vmStart, configure

    var isOfStart: Bool { [.rootCreate, .vmStart, .configure].contains(self) }
    var isAfterTheBytes: Bool { [.downstreamClose, .upstreamClose, .done, .log, .delete].contains(self) }
    var isOfGRPC: Bool {
        [.grpcInitialMetadata, .grpcReceive, .grpcTrailingMetadata, .grpcClose].contains(self)
    }

    var callback: WatGuest.Callback {
        switch self {
        case .create, .rootCreate: .contextCreate
        case .newConnection: .newConnection
        case .downstreamData: .downstreamData
        case .upstreamData: .upstreamData
        case .downstreamClose: .downstreamClose
        case .upstreamClose: .upstreamClose
        case .done: .done
        case .log: .log
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

    /// What makes the root's callback come, in one of a connection; nil: it comes by itself.
    var cause: String? {
        switch self {
        case .tick: ""
        case .callResponse: Guest.call()
        case .queueReady: "(drop (call $enqueue_shared_queue (i32.load (i32.const 276)) {item}))"
        case .foreignFunction: "(drop (call $foreign {\(CallBack.name)} {hello}))"
        case .grpcInitialMetadata, .grpcReceive, .grpcTrailingMetadata, .grpcClose: Guest.grpcStream("Two")
        default: nil
        }
    }
}
