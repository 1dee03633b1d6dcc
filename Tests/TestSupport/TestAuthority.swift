import Crypto
import Foundation
package import NIOSSL
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

    /// A server that shows this certificate. `clientAuthority`: it wants one of that authority's from clients.
    package func serverContext(alpn: [String] = [], clientAuthority: TestAuthority? = nil) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(self.certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(self.key.utf8), format: .pem))
        )
        configuration.applicationProtocols = alpn
        if let clientAuthority {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(clientAuthority.certificate.utf8)))
        }
        return try NIOSSLContext(configuration: configuration)
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
        try self.issue(
            commonName,
            dnsNames.map { .dnsName($0) } + uris.map { .uniformResourceIdentifier($0) },
            notAfter: Date().addingTimeInterval(3600)
        )
    }

    /// `names`: host names and IPv4 addresses, the first also the common name.
    package func issue(_ names: [String], expired: Bool = false) throws -> IssuedCertificate {
        let general: [GeneralName] = names.map { name in
            let parts = name.split(separator: ".").compactMap { UInt8($0) }
            return parts.count == 4 ? .ipAddress(ASN1OctetString(contentBytes: parts[...])) : .dnsName(name)
        }
        return try self.issue(
            names.first ?? "nobody", general, notAfter: Date().addingTimeInterval(expired ? -60 : 3600))
    }

    private func issue(_ commonName: String, _ names: [GeneralName], notAfter: Date) throws -> IssuedCertificate {
        let key = P256.Signing.PrivateKey()
        let certificate = try Self.make(
            subject: try DistinguishedName {
                OrganizationName("Tests")
                CommonName(commonName)
            },
            publicKey: Certificate.PublicKey(key.publicKey),
            issuer: self.name,
            issuerKey: self.key,
            notAfter: notAfter,
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
        notAfter: Date = Date().addingTimeInterval(3600),
        extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: publicKey,
            notValidBefore: Date().addingTimeInterval(-3600),
            notValidAfter: notAfter,
            issuer: issuer,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(issuerKey)
        )
    }
}
