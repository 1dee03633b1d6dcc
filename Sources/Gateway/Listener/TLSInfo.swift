/// What a TLS handshake came to, for attributes and the access log. Made once per connection.
struct TLSInfo: Sendable, Equatable {
    /// One side's certificate; the empty one where none was shown.
    struct Certificate: Sendable, Equatable {
        /// RFC 2253, e.g. `CN=client,O=Example`.
        var subject = ""
        /// Subject alternative names in the certificate's order.
        var dnsNames: [String] = []
        var uris: [String] = []
        /// Lower-case hex of the DER form's SHA-256.
        var sha256Digest = ""
        /// PEM, percent-encoded as Envoy does for headers.
        var urlEncodedPEM = ""
    }

    /// `TLSv1.2`, `TLSv1.3`
    var version = ""
    /// SNI.
    var requestedServerName = ""
    /// The peer has shown a certificate that was verified.
    var isMutual = false
    var local = Certificate()
    var peer = Certificate()
}
