import Crypto
import NIOSSL
import SwiftASN1
import X509

extension CertificateFacts {
    /// Nil: not a certificate this library reads.
    init?(_ certificate: NIOSSLCertificate) {
        guard let der = try? certificate.toDERBytes() else { return nil }
        self.init(der: der)
    }

    init?(der: [UInt8]) {
        guard let certificate = try? Certificate(derEncoded: der) else { return nil }
        let names = (try? certificate.extensions.subjectAlternativeNames) ?? nil
        var dnsNames: [String] = []
        var uris: [String] = []
        for name in names ?? SubjectAlternativeNames() {
            switch name {
            case .dnsName(let text): dnsNames.append(text)
            case .uniformResourceIdentifier(let text): uris.append(text)
            default: break
            }
        }
        let digits = Array("0123456789abcdef".utf8)
        self.init(
            subject: Array(certificate.subject.description.utf8),
            dnsNames: dnsNames,
            uris: uris,
            sha256: SHA256.hash(data: der).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            urlEncodedPEM: (try? certificate.serializeAsPEM().pemString).map(Self.urlEncoded) ?? ""
        )
    }

    private static func urlEncoded(_ pem: String) -> String {
        var result = ""
        for character in pem.unicodeScalars {
            switch character {
            case "\n": result += "%0A"
            case " ": result += "%20"
            case "+": result += "%2B"
            case "/": result += "%2F"
            case "=": result += "%3D"
            default: result.unicodeScalars.append(character)
            }
        }
        return result + (pem.hasSuffix("\n") ? "" : "%0A")
    }
}
