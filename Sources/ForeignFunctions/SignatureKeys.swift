import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A key to verify with, of whatever kind its bytes say.
enum PublicKey {
    case rsa(_RSA.Signing.PublicKey)
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case p521(P521.Signing.PublicKey)

    /// One of the two is empty. SubjectPublicKeyInfo; for RSA PKCS #1, too. RSA keys from 1024 bits on.
    init?(der: [UInt8], pem: String) {
        if der.isEmpty {
            if let key = try? _RSA.Signing.PublicKey(unsafePEMRepresentation: pem) {
                self = .rsa(key)
            } else if let key = try? P256.Signing.PublicKey(pemRepresentation: pem) {
                self = .p256(key)
            } else if let key = try? P384.Signing.PublicKey(pemRepresentation: pem) {
                self = .p384(key)
            } else if let key = try? P521.Signing.PublicKey(pemRepresentation: pem) {
                self = .p521(key)
            } else {
                return nil
            }
        } else if let key = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: der) {
            self = .rsa(key)
        } else if let key = try? P256.Signing.PublicKey(derRepresentation: der) {
            self = .p256(key)
        } else if let key = try? P384.Signing.PublicKey(derRepresentation: der) {
            self = .p384(key)
        } else if let key = try? P521.Signing.PublicKey(derRepresentation: der) {
            self = .p521(key)
        } else {
            return nil
        }
    }

    func isValid(_ signature: [UInt8], for text: [UInt8], _ hash: HashFunction) -> Bool {
        switch hash {
        case .sha256: self.isValid(signature, for: SHA256.hash(data: text))
        case .sha384: self.isValid(signature, for: SHA384.hash(data: text))
        case .sha512: self.isValid(signature, for: SHA512.hash(data: text))
        }
    }

    private func isValid(_ signature: [UInt8], for digest: some Digest) -> Bool {
        switch self {
        case .rsa(let key):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        case .p521(let key):
            guard let signature = try? P521.Signing.ECDSASignature(derRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        }
    }
}

/// A key to sign with.
enum PrivateKey {
    case rsa(_RSA.Signing.PrivateKey)
    case p256(P256.Signing.PrivateKey)
    case p384(P384.Signing.PrivateKey)
    case p521(P521.Signing.PrivateKey)

    /// One of the two is empty. PKCS #8, or what is usual for the kind (PKCS #1, SEC 1).
    init?(der: [UInt8], pem: String) {
        if der.isEmpty {
            if let key = try? _RSA.Signing.PrivateKey(unsafePEMRepresentation: pem) {
                self = .rsa(key)
            } else if let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) {
                self = .p256(key)
            } else if let key = try? P384.Signing.PrivateKey(pemRepresentation: pem) {
                self = .p384(key)
            } else if let key = try? P521.Signing.PrivateKey(pemRepresentation: pem) {
                self = .p521(key)
            } else {
                return nil
            }
        } else if let key = try? _RSA.Signing.PrivateKey(unsafeDERRepresentation: der) {
            self = .rsa(key)
        } else if let key = try? P256.Signing.PrivateKey(derRepresentation: der) {
            self = .p256(key)
        } else if let key = try? P384.Signing.PrivateKey(derRepresentation: der) {
            self = .p384(key)
        } else if let key = try? P521.Signing.PrivateKey(derRepresentation: der) {
            self = .p521(key)
        } else {
            return nil
        }
    }

    func signature(for text: [UInt8], _ hash: HashFunction) -> [UInt8]? {
        switch hash {
        case .sha256: self.signature(for: SHA256.hash(data: text))
        case .sha384: self.signature(for: SHA384.hash(data: text))
        case .sha512: self.signature(for: SHA512.hash(data: text))
        }
    }

    private func signature(for digest: some Digest) -> [UInt8]? {
        switch self {
        case .rsa(let key):
            (try? key.signature(for: digest, padding: .insecurePKCS1v1_5)).map { Array($0.rawRepresentation) }
        case .p256(let key): (try? key.signature(for: digest)).map { Array($0.derRepresentation) }
        case .p384(let key): (try? key.signature(for: digest)).map { Array($0.derRepresentation) }
        case .p521(let key): (try? key.signature(for: digest)).map { Array($0.derRepresentation) }
        }
    }
}
