import Crypto
import CryptoExtras

/// A public key that signatures are verified with: ECDSA on P-256, P-384 or P-521, Ed25519, RSA from 2048 bits on
/// (cosign's signature specification, "Signature Schemes"). It knows which scheme goes with it: a signature never says.
package struct VerificationKey: Sendable, CustomStringConvertible {
    private enum Kind: Sendable {
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
    }

    private let kind: Kind
    /// SHA-256 of the key's SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER | sha256sum` gives it.
    package let fingerprint: Digest

    /// The one key in a PEM text: what `cosign generate-key-pair` writes as `cosign.pub`, or `openssl pkey -pubout`.
    package init(pem: String) throws(ModuleFetchError) {
        let keys = try Self.keys(pem: pem)
        guard let key = keys.first, keys.count == 1 else {
            throw ModuleFetchError(.invalid, "the public key's text holds \(keys.count) keys, not one")
        }
        self = key
    }

    /// Every key in a PEM text; at least one.
    package static func keys(pem: String) throws(ModuleFetchError) -> [VerificationKey] {
        var keys: [VerificationKey] = []
        for block in try PEMBlock.blocks(of: pem, what: "the public key") { keys.append(try Self(block)) }
        return keys
    }

    private init(_ block: PEMBlock) throws(ModuleFetchError) {
        guard block.label == "PUBLIC KEY" || block.label == "RSA PUBLIC KEY" else {
            let hint =
                if block.label.contains("PRIVATE KEY") {
                    "a private key does not belong here; write the public key that goes with it"
                } else if block.label.contains("CERTIFICATE") {
                    "certificates are not read; write the key (openssl x509 -pubkey -noout)"
                } else {
                    "a PEM block “PUBLIC KEY” was expected"
                }
            throw ModuleFetchError(.invalid, "not a public key: \(hint)")
        }
        let der = block.bytes
        if let key = try? P256.Signing.PublicKey(derRepresentation: der) {
            self.init(.p256(key))
        } else if let key = try? P384.Signing.PublicKey(derRepresentation: der) {
            self.init(.p384(key))
        } else if let key = try? P521.Signing.PublicKey(derRepresentation: der) {
            self.init(.p521(key))
        } else if let key = try? Curve25519.Signing.PublicKey(derRepresentation: der) {
            self.init(.ed25519(key))
        } else if let key = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: der) {
            guard Self.rsaBits.contains(key.keySizeInBits) else {
                throw ModuleFetchError(
                    .invalid,
                    "the RSA key has \(key.keySizeInBits) bits; from \(Self.rsaBits.lowerBound) to "
                        + "\(Self.rsaBits.upperBound) are accepted")
            }
            self.init(.rsa(key))
        } else {
            throw ModuleFetchError(
                .invalid, "the public key cannot be read: ECDSA (P-256, P-384, P-521), Ed25519 and RSA are supported")
        }
    }

    private init(_ kind: Kind) {
        self.kind = kind
        let der =
            switch kind {
            case .p256(let key): key.derRepresentation
            case .p384(let key): key.derRepresentation
            case .p521(let key): key.derRepresentation
            case .ed25519(let key): key.derRepresentation
            case .rsa(let key): key.derRepresentation
            }
        self.fingerprint = Digest.of(Array(der))
    }

    init(_ key: P256.Signing.PublicKey) { self.init(.p256(key)) }
    init(_ key: P384.Signing.PublicKey) { self.init(.p384(key)) }
    init(_ key: P521.Signing.PublicKey) { self.init(.p521(key)) }
    init(_ key: Curve25519.Signing.PublicKey) { self.init(.ed25519(key)) }
    init(_ key: _RSA.Signing.PublicKey) { self.init(.rsa(key)) }

    static let rsaBits = 2048...8192

    /// ECDSA signatures are ASN.1 (RFC 3279), over SHA-256 or, on the larger curves, the hash of their own size, which
    /// cosign takes by default for them; RSA is PKCS #1 v1.5 with SHA-256; Ed25519 is the one of RFC 8032 that does not
    /// hash first.
    package func isValid(signature: [UInt8], for payload: [UInt8]) -> Bool {
        switch self.kind {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: payload))
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: payload))
                || key.isValidSignature(signature, for: SHA384.hash(data: payload))
        case .p521(let key):
            guard let signature = try? P521.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: SHA256.hash(data: payload))
                || key.isValidSignature(signature, for: SHA512.hash(data: payload))
        case .ed25519(let key):
            return key.isValidSignature(signature, for: payload)
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: payload),
                padding: .insecurePKCS1v1_5)
        }
    }

    /// For messages: the kind and the fingerprint's first digits.
    package var description: String { "\(self.kindName) key \(self.fingerprint.hex.prefix(16))" }

    private var kindName: String {
        switch self.kind {
        case .p256: "ECDSA P-256"
        case .p384: "ECDSA P-384"
        case .p521: "ECDSA P-521"
        case .ed25519: "Ed25519"
        case .rsa(let key): "RSA \(key.keySizeInBits)"
        }
    }
}

extension VerificationKey: Hashable {
    package static func == (left: VerificationKey, right: VerificationKey) -> Bool {
        left.fingerprint == right.fingerprint
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.fingerprint) }
}
