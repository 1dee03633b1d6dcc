import NIOSSL

/// Why there is no TLS to an upstream, in words for attributes and the access log; the log has the whole error.
enum UpstreamTLSFailure {
    /// A certificate, a key or a Secret is missing or unreadable.
    case configuration
    /// The peer's certificate does not lead to a root that is trusted, is expired, …
    case certificate
    /// The peer's certificate is for another name.
    case name
    /// Anything else, e.g. no common version, or the peer wants a certificate of ours.
    case handshake
    /// The handshake took longer than a connection may take.
    case timeout
    /// The peer closed in the middle of it.
    case closed

    init(_ error: any Error) {
        if error is NIOSSLExtraError {
            self = .name
        } else if String(describing: error).contains("CERTIFICATE_VERIFY_FAILED") {
            self = .certificate
        } else {
            self = .handshake
        }
    }

    /// The response's details.
    var details: StaticString {
        switch self {
        case .configuration:
            "upstream_reset_before_response_started{remote_connection_failure|TLS_error:NO_USABLE_CONFIGURATION}"
        case .certificate:
            "upstream_reset_before_response_started{remote_connection_failure|TLS_error:CERTIFICATE_VERIFY_FAILED}"
        case .name:
            "upstream_reset_before_response_started{remote_connection_failure|TLS_error:CERTIFICATE_VERIFY_FAILED:verify_SAN_list}"
        case .handshake:
            "upstream_reset_before_response_started{remote_connection_failure|TLS_error:HANDSHAKE_FAILED}"
        case .timeout:
            "upstream_reset_before_response_started{remote_connection_failure|TLS_error:HANDSHAKE_TIMEOUT}"
        case .closed:
            "upstream_reset_before_response_started{remote_connection_failure|TLS_error:CONNECTION_CLOSED}"
        }
    }

    /// For logs and attributes.
    var reason: StaticString {
        switch self {
        case .configuration: "TLS_error:NO_USABLE_CONFIGURATION"
        case .certificate: "TLS_error:CERTIFICATE_VERIFY_FAILED"
        case .name: "TLS_error:CERTIFICATE_VERIFY_FAILED:verify SAN list"
        case .handshake: "TLS_error:HANDSHAKE_FAILED"
        case .timeout: "TLS_error:HANDSHAKE_TIMEOUT"
        case .closed: "TLS_error:CONNECTION_CLOSED"
        }
    }
}
