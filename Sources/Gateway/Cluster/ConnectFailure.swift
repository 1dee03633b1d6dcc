import NIOCore
import NIOPosix

/// Why there is no connection to an upstream.
enum ConnectFailure {
    case refused
    case unreachable
    /// Longer than the cluster's connect timeout.
    case timeout
    /// Anything else, e.g. a name without addresses.
    case other

    init(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError:
            // One error for each address that was tried; the last stands for all.
            self = error.connectionErrors.last.map { Self($0.error) } ?? .other
        case ChannelError.connectTimeout:
            self = .timeout
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            self = .refused
        case let error as IOError where error.errnoCode == EHOSTUNREACH || error.errnoCode == ENETUNREACH:
            self = .unreachable
        default:
            self = .other
        }
    }

    /// As Envoy words it; nil: it says nothing.
    var reason: StaticString? {
        switch self {
        case .refused: "delayed connect error: Connection refused"
        case .unreachable: "delayed connect error: No route to host"
        case .timeout, .other: nil
        }
    }

    /// For the access log.
    var details: StaticString {
        switch self {
        case .refused:
            """
            upstream_reset_before_response_started{remote_connection_failure|\
            delayed_connect_error:_Connection_refused}
            """
        case .unreachable:
            "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_No_route_to_host}"
        case .timeout:
            "upstream_reset_before_response_started{connection_timeout}"
        case .other:
            "upstream_reset_before_response_started{remote_connection_failure}"
        }
    }
}
