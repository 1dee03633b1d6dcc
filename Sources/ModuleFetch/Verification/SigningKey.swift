import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A private key to sign modules with. Nothing of it gets into a description or an error.
package struct SigningKey: Sendable, CustomStringConvertible {
    private enum Kind: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    private let kind: Kind
    /// The public key that goes with it.
    package let verificationKey: VerificationKey

    /// PEM: PKCS #8 (`PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`), PKCS #1 (`RSA PRIVATE KEY`), or what `cosign` writes
    /// (`ENCRYPTED SIGSTORE PRIVATE KEY`), which the password opens; it may be empty.
    package init(pem: String, password: [UInt8] = []) throws(ModuleFetchError) {
        // SEC 1 files may begin with a block that only names the curve.
        let blocks = try PEMBlock.blocks(of: pem, what: "the private key").filter { $0.label != "EC PARAMETERS" }
        guard let block = blocks.first, blocks.count == 1 else {
            throw ModuleFetchError(.invalid, "the private key's text holds \(blocks.count) PEM blocks, not one")
        }
        switch block.label {
        case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY":
            try self.init(der: block.bytes)
        case let label where EncryptedSigningKey.labels.contains(label):
            try self.init(der: try EncryptedSigningKey.open(block.bytes, password: password))
        case "ENCRYPTED PRIVATE KEY":
            throw ModuleFetchError(
                .invalid, "encrypted PKCS #8 is not read: decrypt the key (openssl pkey), or import it into cosign")
        default:
            throw ModuleFetchError(.invalid, "not a private key: a PEM block “PRIVATE KEY” was expected")
        }
    }

    private init(der: [UInt8]) throws(ModuleFetchError) {
        if let seed = Self.ed25519Seed(der), let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) {
            (self.kind, self.verificationKey) = (.ed25519(key), VerificationKey(key.publicKey))
        } else if let key = try? P256.Signing.PrivateKey(derRepresentation: der) {
            (self.kind, self.verificationKey) = (.p256(key), VerificationKey(key.publicKey))
        } else if let key = try? P384.Signing.PrivateKey(derRepresentation: der) {
            (self.kind, self.verificationKey) = (.p384(key), VerificationKey(key.publicKey))
        } else if let key = try? P521.Signing.PrivateKey(derRepresentation: der) {
            (self.kind, self.verificationKey) = (.p521(key), VerificationKey(key.publicKey))
        } else if let key = try? _RSA.Signing.PrivateKey(unsafeDERRepresentation: der) {
            guard VerificationKey.rsaBits.contains(key.keySizeInBits) else {
                throw ModuleFetchError(
                    .invalid,
                    "the RSA key has \(key.keySizeInBits) bits; from \(VerificationKey.rsaBits.lowerBound) to "
                        + "\(VerificationKey.rsaBits.upperBound) are accepted")
            }
            (self.kind, self.verificationKey) = (.rsa(key), VerificationKey(key.publicKey))
        } else {
            throw ModuleFetchError(
                .invalid, "the private key cannot be read: ECDSA (P-256, P-384, P-521), Ed25519 and RSA are supported")
        }
    }

    /// What is at a fixed place in every Ed25519 key, with or without the public key behind it (RFC 8410, section 7): the
    /// algorithm 1.3.101.112, then 32 bytes in two octet strings. Keys for X25519 look alike but for the algorithm.
    private static func ed25519Seed(_ der: [UInt8]) -> ArraySlice<UInt8>? {
        let middle: [UInt8] = [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
        guard der.count >= 48, der.count < 130, der[0] == 0x30, der[5..<16].elementsEqual(middle) else { return nil }
        return der[16..<48]
    }

    /// Hashed with SHA-256 whatever the curve: any cosign verifies that.
    package func sign(_ payload: [UInt8]) throws(ModuleFetchError) -> [UInt8] {
        let digest = SHA256.hash(data: payload)
        do {
            return switch self.kind {
            case .p256(let key): Array(try key.signature(for: digest).derRepresentation)
            case .p384(let key): Array(try key.signature(for: digest).derRepresentation)
            case .p521(let key): Array(try key.signature(for: digest).derRepresentation)
            case .ed25519(let key): Array(try key.signature(for: payload))
            case .rsa(let key): Array(try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
            }
        } catch {
            throw ModuleFetchError(.invalid, "signing with the \(self.verificationKey) failed")
        }
    }

    package var description: String { "private half of \(self.verificationKey)" }
}
