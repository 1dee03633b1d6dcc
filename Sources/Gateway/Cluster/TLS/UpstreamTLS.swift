import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// A cluster's TLS, ready to be spoken. Made off the workers, shared by them.
struct UpstreamTLS: Sendable {
    let configuration: UpstreamTLSConfiguration
    private let isHTTP2: Bool
    private var context: Result<NIOSSLContext, UpstreamTLSProblem>
    /// Why the material of an earlier configuration still serves.
    private(set) var staleReason: String?

    init(_ configuration: UpstreamTLSConfiguration, isHTTP2: Bool) {
        self.configuration = configuration
        self.isHTTP2 = isHTTP2
        do throws(UpstreamTLSProblem) {
            self.context = .success(try Self.makeContext(configuration, isHTTP2: isHTTP2))
        } catch {
            self.context = .failure(error)
        }
    }

    /// Of the clusters that speak TLS, by name.
    static func make(
        for clusters: [ClusterConfiguration],
        previous: [String: UpstreamTLS]
    ) -> [String: UpstreamTLS] {
        var result: [String: UpstreamTLS] = [:]
        for cluster in clusters {
            guard let configuration = cluster.tls else { continue }
            if let old = previous[cluster.name], old.configuration == configuration, old.isHTTP2 == cluster.isHTTP2 {
                result[cluster.name] = old
            } else {
                var new = UpstreamTLS(configuration, isHTTP2: cluster.isHTTP2)
                if let old = previous[cluster.name] { new.keepLastGood(of: old) }
                result[cluster.name] = new
            }
        }
        return result
    }

    /// New certificates that cannot be used, e.g. while the second of two files is still being written, take nothing
    /// away that works.
    private mutating func keepLastGood(of old: UpstreamTLS) {
        guard let problem = self.problem, old.problem == nil, old.isHTTP2 == self.isHTTP2 else { return }
        let (was, now) = (old.configuration, self.configuration)
        guard was.serverName == now.serverName, was.subjectAltNames == now.subjectAltNames,
            was.skipsVerification == now.skipsVerification
        else { return }
        self.context = old.context
        self.staleReason = problem
    }

    /// Why no connection can be made at all.
    var problem: String? {
        if case .failure(let problem) = self.context { problem.description } else { nil }
    }

    private static func makeContext(
        _ configuration: UpstreamTLSConfiguration,
        isHTTP2: Bool
    ) throws(UpstreamTLSProblem) -> NIOSSLContext {
        if let problem = configuration.problem { throw UpstreamTLSProblem(problem) }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = [isHTTP2 ? "h2" : "http/1.1"]
        if configuration.skipsVerification {
            tls.certificateVerification = .none
        } else if configuration.subjectAltNames.isEmpty {
            tls.certificateVerification = .fullVerification
        } else {
            // The names are looked at after the handshake.
            tls.certificateVerification = .noHostnameVerification
        }
        if let roots = configuration.trustRoots {
            tls.trustRoots = .certificates(try Self.certificates(roots, "the CA certificates"))
        }
        if let chain = configuration.certificateChain {
            tls.certificateChain = try Self.certificates(chain, "the client certificate").map { .certificate($0) }
            guard let key = configuration.privateKey else {
                throw UpstreamTLSProblem("the client certificate has no private key")
            }
            do {
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key.bytes, format: .pem))
            } catch {
                // Nothing of the key, nor what the parser says about it.
                throw UpstreamTLSProblem("the private key is not an unencrypted key in PEM form")
            }
        }
        do {
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw UpstreamTLSProblem("certificate and key do not fit together: \(error)")
        }
    }

    private static func certificates(
        _ pem: SecretBytes,
        _ what: String
    ) throws(UpstreamTLSProblem) -> [NIOSSLCertificate] {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(pem.bytes)
        } catch {
            throw UpstreamTLSProblem("\(what): not certificates in PEM form")
        }
        guard !certificates.isEmpty else { throw UpstreamTLSProblem("\(what): there is no certificate in them") }
        return certificates
    }

    /// The handler of one connection.
    func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: try self.context.get(), serverHostname: self.configuration.serverName)
    }

    /// What we show of ourselves; nil: nothing.
    var clientCertificate: NIOSSLCertificate? {
        self.configuration.certificateChain.flatMap { try? NIOSSLCertificate.fromPEMBytes($0.bytes).first }
    }

    /// Whether the certificate has one of the names that the configuration asks for.
    func accepts(_ certificate: NIOSSLCertificate?) -> Bool {
        guard !self.configuration.skipsVerification, !self.configuration.subjectAltNames.isEmpty else { return true }
        guard let certificate, let bytes = try? certificate.toDERBytes(),
            let parsed = try? Certificate(derEncoded: bytes),
            let names = try? parsed.extensions.subjectAlternativeNames
        else { return false }
        return names.contains { name in
            switch name {
            case .dnsName(let host):
                self.configuration.subjectAltNames.contains { Self.matches($0, host) }
            case .uniformResourceIdentifier(let uri):
                self.configuration.subjectAltNames.contains(uri)
            case .rfc822Name(let address):
                self.configuration.subjectAltNames.contains(address)
            case .ipAddress(let octets):
                self.configuration.subjectAltNames.contains { Self.address(octets.bytes) == Self.normalized($0) }
            default:
                false
            }
        }
    }

    /// A certificate's `*` stands for one label.
    static func matches(_ wanted: String, _ host: String) -> Bool {
        let wanted = wanted.lowercased()
        let host = host.lowercased()
        if wanted == host { return true }
        guard host.hasPrefix("*."), let dot = wanted.firstIndex(of: ".") else { return false }
        return dot != wanted.startIndex && wanted[dot...] == host.dropFirst()
    }

    private static func address(_ octets: ArraySlice<UInt8>) -> String? {
        guard let packed = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: octets), port: 0) else { return nil }
        return packed.ipAddress
    }

    private static func normalized(_ text: String) -> String? {
        (try? SocketAddress(ipAddress: text, port: 0))?.ipAddress ?? text
    }
}

/// What is wrong with a cluster's TLS material.
struct UpstreamTLSProblem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
