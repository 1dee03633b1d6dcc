import NIOCore
import NIOSSL

/// Whether a certificate is for a name. NIOSSL also takes one that is for the address it dialled: whoever can bend a
/// name to an address of his, for which he has a certificate, would pass as that name.
enum CertificateName {
    /// Looks at the certificate of a connection whose handshake is over; one for another name ends it with `.refused`.
    static func check(_ channel: any Channel, host: String) -> EventLoopFuture<Void> {
        channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
            if let certificate, Self.isIssued(certificate, for: host) { return }
            channel.close(promise: nil)
            throw ModuleFetchError(
                .refused, "the certificate that came from \(host) is not trusted: it is not for this name")
        }
    }

    /// Without any alternative name NIOSSL has compared the common name.
    private static func isIssued(_ certificate: NIOSSLCertificate, for host: String) -> Bool {
        var hasNames = false
        for name in certificate._subjectAlternativeNames() {
            hasNames = true
            if name.nameType == .dnsName, Self.matches(String(decoding: name.contents, as: UTF8.self), host) {
                return true
            }
        }
        return !hasNames
    }

    /// RFC 9525 section 6.3: a wildcard stands for one whole label, the first.
    static func matches(_ pattern: String, _ host: String) -> Bool {
        let pattern = pattern.lowercased()
        let host = host.hasSuffix(".") ? String(host.dropLast()) : host
        if pattern == host { return true }
        guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
        let rest = pattern.dropFirst()
        return rest.dropFirst().contains(".") && host[dot...] == rest
    }
}
