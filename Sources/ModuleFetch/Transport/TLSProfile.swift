import Foundation
import NIOSSL

/// How TLS is spoken with a host, from files that were read now: a renewed certificate makes a new profile.
struct TLSProfile: Sendable {
    /// Equal for equal options and equal files. Holds no key.
    struct Key: Sendable, Hashable {
        var skipsVerification: Bool
        var authorities: Digest?
        var certificate: Digest?
        var key: Digest?
    }

    let key: Key
    private let authorities: [UInt8]?
    private let certificate: [UInt8]?
    private let privateKey: [UInt8]?
    private let options: HostOptions

    /// Largest PEM file, bytes.
    private static let maximumFileBytes = 4 << 20

    /// `.invalid` when a file cannot be read.
    init(_ options: HostOptions) throws(ModuleFetchError) {
        self.options = options
        self.authorities = try Self.read(options.certificateAuthorityFile, "certificate authorities")
        self.certificate = try Self.read(options.clientCertificateFile, "client certificate")
        self.privateKey = try Self.read(options.clientKeyFile, "client key")
        guard (self.certificate == nil) == (self.privateKey == nil) else {
            throw ModuleFetchError(.invalid, "a client certificate and its key must be named together")
        }
        self.key = Key(
            skipsVerification: options.skipsTLSVerification,
            authorities: self.authorities.map(Digest.of), certificate: self.certificate.map(Digest.of),
            key: self.privateKey.map(Digest.of))
    }

    /// `.invalid` when a file holds no PEM of its kind.
    func configuration() throws(ModuleFetchError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if self.options.skipsTLSVerification { configuration.certificateVerification = .none }
        if let authorities {
            configuration.trustRoots = .certificates(
                try Self.parse(self.options.certificateAuthorityFile, "certificate authorities") {
                    try NIOSSLCertificate.fromPEMBytes(authorities)
                })
        }
        if let certificate, let privateKey {
            configuration.certificateChain = try Self.parse(self.options.clientCertificateFile, "client certificate") {
                try NIOSSLCertificate.fromPEMBytes(certificate).map { .certificate($0) }
            }
            configuration.privateKey = .privateKey(
                try Self.parse(self.options.clientKeyFile, "client key") {
                    try NIOSSLPrivateKey(bytes: privateKey, format: .pem)
                })
        }
        return configuration
    }

    private static func read(_ path: String?, _ what: String) throws(ModuleFetchError) -> [UInt8]? {
        guard let path else { return nil }
        do {
            return try BoundedFile.read(path, limit: self.maximumFileBytes)
        } catch {
            throw ModuleFetchError(.invalid, "\(what) file \(path): \(error.message)")
        }
    }

    private static func parse<Result>(
        _ path: String?, _ what: String, _ body: () throws -> Result
    ) throws(ModuleFetchError) -> Result {
        do {
            return try body()
        } catch {
            throw ModuleFetchError(.invalid, "\(what) file \(path ?? ""): no usable PEM in it (\(error))")
        }
    }
}
