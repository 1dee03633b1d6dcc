import NIOSSL

/// What the handshake with an endpoint came to. Certificates are read when a plugin first asks for them: most never do.
final class UpstreamSecurity {
    private let tls: UpstreamTLS
    private let version: TLSVersion?
    private let peer: NIOSSLCertificate?

    /// `handler`: behind its handshake.
    init(_ tls: UpstreamTLS, _ handler: NIOSSLClientHandler) {
        self.tls = tls
        self.version = handler.tlsVersion
        self.peer = handler.peerCertificate
    }

    /// As attributes show it.
    private(set) lazy var info: TLSInfo = ConnectionSecurity(
        requestedServerName: Array((self.tls.configuration.serverName ?? "").utf8),
        version: ConnectionSecurity.name(of: self.version),
        peer: self.peer.flatMap { CertificateFacts($0) },
        local: self.tls.clientCertificate.flatMap { CertificateFacts($0) }
    ).info
}

@available(*, unavailable)
extension UpstreamSecurity: Sendable {}
