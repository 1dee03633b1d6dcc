import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate with its key, as PEM.
package struct IssuedCertificate: Sendable {
    package let certificate: String
    package let key: String
    package let der: [UInt8]

    package init(certificate: String, key: String, der: [UInt8]) {
        self.certificate = certificate
        self.key = key
        self.der = der
    }
}

/// A certificate authority that lives as long as a test.
package struct TestAuthority: Sendable {
    private let key: P256.Signing.PrivateKey
    private let name: DistinguishedName
    package let certificate: String

    package init(_ commonName: String = "Test CA") throws {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName(commonName) }
        self.key = key
        self.name = name
        let certificate = try Self.make(
            subject: name,
            publicKey: Certificate.PublicKey(key.publicKey),
            issuer: name,
            issuerKey: key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }
        )
        self.certificate = try certificate.serializeAsPEM().pemString
    }

    package func issue(
        _ commonName: String, dnsNames: [String] = [], uris: [String] = []
    ) throws -> IssuedCertificate {
        let key = P256.Signing.PrivateKey()
        let names = dnsNames.map { GeneralName.dnsName($0) } + uris.map { GeneralName.uniformResourceIdentifier($0) }
        let certificate = try Self.make(
            subject: try DistinguishedName {
                OrganizationName("Tests")
                CommonName(commonName)
            },
            publicKey: Certificate.PublicKey(key.publicKey),
            issuer: self.name,
            issuerKey: self.key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames(names)
            }
        )
        let pem = try certificate.serializeAsPEM()
        return IssuedCertificate(certificate: pem.pemString, key: key.pemRepresentation, der: pem.derBytes)
    }

    private static func make(
        subject: DistinguishedName,
        publicKey: Certificate.PublicKey,
        issuer: DistinguishedName,
        issuerKey: P256.Signing.PrivateKey,
        extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: publicKey,
            notValidBefore: Date().addingTimeInterval(-3600),
            notValidAfter: Date().addingTimeInterval(3600),
            issuer: issuer,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(issuerKey)
        )
    }
}
