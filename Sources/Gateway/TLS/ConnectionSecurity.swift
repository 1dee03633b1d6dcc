import NIOSSL

/// What TLS says about a connection, seen from the gateway.
struct ConnectionSecurity: Sendable {
    /// SNI, lower-case; empty: none.
    var requestedServerName: [UInt8] = []
    /// `TLSv1.3`; empty: the TLS passes through and ends elsewhere.
    var version: [UInt8] = []
    /// ALPN; empty: none.
    var negotiatedProtocol: [UInt8] = []
    /// The other side's certificate, verified; nil: it gave none.
    var peer: CertificateFacts?
    /// The certificate shown to the other side; nil: none.
    var local: CertificateFacts?

    /// TLS ends here.
    var isTerminated: Bool { !self.version.isEmpty }
    /// The other side has shown a certificate that verified.
    var isMutual: Bool { self.peer != nil }

    /// As attributes show it.
    var info: TLSInfo {
        TLSInfo(
            version: String(decoding: self.version, as: UTF8.self),
            requestedServerName: String(decoding: self.requestedServerName, as: UTF8.self),
            isMutual: self.isMutual,
            local: self.local?.info ?? TLSInfo.Certificate(),
            peer: self.peer?.info ?? TLSInfo.Certificate()
        )
    }

    /// `TLSv1.3`, …
    static func name(of version: TLSVersion?) -> [UInt8] {
        let text: StaticString =
            switch version {
            case .tlsv1?: "TLSv1"
            case .tlsv11?: "TLSv1.1"
            case .tlsv12?: "TLSv1.2"
            default: "TLSv1.3"
            }
        return Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

/// What a certificate says, as attributes show it.
struct CertificateFacts: Sendable, Equatable {
    /// RFC 4514, e.g. `CN=client,O=example`.
    var subject: [UInt8]
    var dnsNames: [String]
    var uris: [String]
    /// SHA-256 of the DER form, lower-case hex.
    var sha256: [UInt8]

    /// PEM, percent-encoded as Envoy does for headers.
    var urlEncodedPEM = ""

    var info: TLSInfo.Certificate {
        TLSInfo.Certificate(
            subject: String(decoding: self.subject, as: UTF8.self),
            dnsNames: self.dnsNames,
            uris: self.uris,
            sha256Digest: String(decoding: self.sha256, as: UTF8.self),
            urlEncodedPEM: self.urlEncodedPEM
        )
    }
}
