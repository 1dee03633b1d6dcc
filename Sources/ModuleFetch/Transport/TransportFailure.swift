import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Why an exchange did not come about, for the transport's own decisions; callers get the `error`.
struct TransportFailure: Error, Sendable {
    enum Cause: Sendable {
        /// No connection came about: the next address may be better.
        case unreachable
        /// The server answered our TLS with something else.
        case notTLS
        case other
    }

    let cause: Cause
    let error: ModuleFetchError

    init(_ error: ModuleFetchError, cause: Cause = .other) {
        self.error = error
        self.cause = cause
    }

    /// `timeout`: seconds without progress.
    init(_ error: any Error, from url: FetchURL, timeout: Double) {
        if let failure = error as? TransportFailure {
            self = failure
            return
        }
        if let error = error as? ModuleFetchError {
            self.init(error)
            return
        }
        let server = url.hostAndPort
        let text = Self.describe(error)
        switch error {
        case let error as HTTPClientError where Self.isConnectTimeout(error):
            self.init(
                ModuleFetchError(.unavailable, "no connection to \(server) within \(timeout) s"), cause: .unreachable)
        case let error as HTTPClientError where Self.isTimeout(error):
            self.init(ModuleFetchError(.unavailable, "\(server) made no progress for \(timeout) s"))
        case let error as HTTPClientError where error == .cancelled:
            self.init(ModuleFetchError(.unavailable, "the request to \(server) was cancelled"))
        case is CancellationError:
            self.init(ModuleFetchError(.unavailable, "the request to \(server) was cancelled"))
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self.init(ModuleFetchError(.unavailable, "\(server) closed the connection before its answer was complete"))
        case is ChannelError, is NIOConnectionError:
            self.init(ModuleFetchError(.unavailable, "no connection to \(server): \(text)"), cause: .unreachable)
        case let error as IOError where Self.isUnreachable(error):
            self.init(ModuleFetchError(.unavailable, "no connection to \(server): \(text)"), cause: .unreachable)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self.init(tls: text, server: server)
        default:
            self.init(ModuleFetchError(.unavailable, "the exchange with \(server) broke off: \(text)"))
        }
    }

    private init(tls text: String, server: String) {
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            self.init(
                ModuleFetchError(
                    .refused,
                    "\(server) does not speak TLS; if plain HTTP is meant, allow it with 'plainHTTP: true' for this host in mizzen.yaml"
                ), cause: .notTLS)
        } else if text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("ailedToValidateHostname") {
            self.init(
                ModuleFetchError(
                    .refused,
                    "the certificate of \(server) is not trusted (\(text)); name its authority's file for this host in mizzen.yaml"
                ))
        } else {
            self.init(ModuleFetchError(.unavailable, "TLS with \(server) failed: \(text)"))
        }
    }

    private static func isConnectTimeout(_ error: HTTPClientError) -> Bool {
        error == .connectTimeout || error == .getConnectionFromPoolTimeout
    }

    private static func isTimeout(_ error: HTTPClientError) -> Bool {
        error == .readTimeout || error == .writeTimeout || error == .deadlineExceeded || error == .tlsHandshakeTimeout
    }

    private static func isUnreachable(_ error: IOError) -> Bool {
        let connecting = [
            ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN, ETIMEDOUT, EADDRNOTAVAIL, EAFNOSUPPORT,
        ]
        return connecting.contains(error.errnoCode)
    }

    /// One line of bounded length.
    private static func describe(_ error: any Error) -> String {
        let text = (error as? HTTPClientError)?.shortDescription ?? "\(error)"
        return String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(300))
    }
}
