import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What `cosign generate-key-pair` writes as `cosign.key`: JSON in PEM, with a PKCS #8 key in a NaCl secretbox whose key
/// is made of the password by scrypt (RFC 7914).
enum EncryptedSigningKey {
    static let labels = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"]

    private struct Envelope: Decodable {
        struct Derivation: Decodable {
            struct Parameters: Decodable {
                var N: Int
                var r: Int
                var p: Int
            }
            var name: String
            var params: Parameters
            var salt: Data
        }
        struct Cipher: Decodable {
            var name: String
            var nonce: Data
        }
        var kdf: Derivation
        var cipher: Cipher
        var ciphertext: Data
    }

    /// The PKCS #8 key's DER.
    static func open(_ bytes: [UInt8], password: [UInt8]) throws(ModuleFetchError) -> [UInt8] {
        guard let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(bytes)) else {
            throw ModuleFetchError(.invalid, "the encrypted private key is not what cosign writes")
        }
        let parameters = envelope.kdf.params
        guard envelope.kdf.name == "scrypt", envelope.cipher.name == "nacl/secretbox" else {
            throw ModuleFetchError(.invalid, "the private key's encryption is not scrypt and nacl/secretbox")
        }
        // 64 MiB of memory is what cosign asks for; eight times that is not asked for by anybody who means well.
        guard (2...(1 << 20)).contains(parameters.N), parameters.N & (parameters.N - 1) == 0,
            (1...32).contains(parameters.r), (1...4).contains(parameters.p),
            128 * parameters.N * parameters.r * parameters.p <= 512 << 20, !envelope.kdf.salt.isEmpty
        else { throw ModuleFetchError(.invalid, "the private key's scrypt parameters are out of bounds") }
        // HMAC fills keys up with zeros, so a zero byte is the same password as none, which the API does not take.
        let password = password.isEmpty ? [0] : password
        guard
            let key = try? KDF.Scrypt.deriveKey(
                from: password, salt: envelope.kdf.salt, outputByteCount: 32, rounds: parameters.N,
                blockSize: parameters.r, parallelism: parameters.p)
        else { throw ModuleFetchError(.invalid, "the private key's scrypt parameters are out of bounds") }
        guard
            let der = SecretBox.open(
                Array(envelope.ciphertext), key: key.withUnsafeBytes { Array($0) }, nonce: Array(envelope.cipher.nonce))
        else {
            throw ModuleFetchError(
                .invalid, "the private key cannot be decrypted: wrong password (COSIGN_PASSWORD), or a damaged key")
        }
        return der
    }
}
