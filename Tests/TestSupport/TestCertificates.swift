import Crypto
import Foundation
package import NIOSSL
import SwiftASN1
package import X509

/// A certificate made for a test, with its key.
package struct TestCertificate: Sendable {
    package let certificate: Certificate
    package let pem: String
    package let keyPEM: String
    fileprivate let key: Certificate.PrivateKey

    /// A certificate authority.
    package static func authority(_ name: String = "Test CA") throws -> TestCertificate {
        try self.make(name, names: [], issuer: nil, days: 10)
    }

    /// A server's or client's certificate; `names` are host names and IP addresses (`127.0.0.1`).
    package func issue(_ names: [String], expired: Bool = false) throws -> TestCertificate {
        try Self.make(names.first ?? "nobody", names: names, issuer: self, days: expired ? -1 : 10)
    }

    private static func make(
        _ commonName: String, names: [String], issuer: TestCertificate?, days: Double
    ) throws -> TestCertificate {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(commonName) }
        let isAuthority = issuer == nil
        let general: [GeneralName] = names.map { name in
            let parts = name.split(separator: ".").compactMap { UInt8($0) }
            guard parts.count == 4 else { return .dnsName(name) }
            return .ipAddress(ASN1OctetString(contentBytes: parts[...]))
        }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -3 * 86_400),
            notValidAfter: Date(timeIntervalSinceNow: days * 86_400),
            issuer: issuer?.certificate.subject ?? subject,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                if isAuthority {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(keyCertSign: true))
                } else {
                    Critical(BasicConstraints.notCertificateAuthority)
                    SubjectAlternativeNames(general)
                }
            },
            issuerPrivateKey: issuer?.key ?? key
        )
        return TestCertificate(
            certificate: certificate,
            pem: try certificate.serializeAsPEM().pemString + "\n",
            keyPEM: try key.serializeAsPEM().pemString + "\n",
            key: key
        )
    }

    /// A server that shows this certificate. `clientAuthority`: it wants one of that authority's from clients.
    package func serverContext(alpn: [String], clientAuthority: TestCertificate? = nil) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(self.pem.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(self.keyPEM.utf8), format: .pem))
        )
        configuration.applicationProtocols = alpn
        if let clientAuthority {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(clientAuthority.pem.utf8)))
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
