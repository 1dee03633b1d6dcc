import Crypto
import CryptoExtras
import Foundation
import ProxyWasm
import Testing

@testable import ForeignFunctions

@Suite("Foreign functions: verify_signature and sign")
struct SignatureTests {
    private static let text = Array("text".utf8)

    /// A message of fields with bytes.
    private static func message(_ fields: (Int, [UInt8])...) -> [UInt8] {
        var writer = ProtobufWriter()
        for (number, bytes) in fields { writer.bytes(number, bytes) }
        return writer.bytes
    }

    private static func verify(_ message: [UInt8]) -> [UInt8]? { message.withUnsafeBytes { Signatures.verify($0) } }
    private static func sign(_ message: [UInt8]) -> [UInt8]? { message.withUnsafeBytes { Signatures.sign($0) } }

    private static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map { Array($0) } ?? [] }

    private static let good: [UInt8] = [8, 1]
    private static func error(_ field: Int, _ text: String) -> [UInt8] { Self.message((field, Array(text.utf8))) }

    @Test("signatures of another library's are valid, with keys in DER and PEM", arguments: Vectors.signed)
    func interoperates(_ row: Vectors.Signed) {
        let hash = Array(row.hash.utf8)
        let signature = Self.bytes(row.signature)
        let der = (2, Self.bytes(row.der))
        let pem = (5, Array(row.pem.utf8))
        #expect(Self.verify(Self.message((1, hash), der, (3, signature), (4, Self.text))) == Self.good)
        #expect(Self.verify(Self.message((1, hash), pem, (3, signature), (4, Self.text))) == Self.good)
        let failed = Self.error(2, "Failed to verify digest.")
        #expect(Self.verify(Self.message((1, hash), der, (3, signature), (4, Self.text + [0]))) == failed)
        #expect(Self.verify(Self.message((1, hash), der, (4, Self.text))) == failed)
        #expect(Self.verify(Self.message((1, hash), der, (3, signature.dropLast()), (4, Self.text))) == failed)
        let other = Array((row.hash == "sha256" ? "SHA512" : "SHA256").utf8)
        #expect(Self.verify(Self.message((1, other), der, (3, signature), (4, Self.text))) == failed)
    }

    @Test("what is signed here is valid here", arguments: ["rsa", "p256", "p384", "p521"])
    func roundTrip(kind: String) throws {
        let row = try NewKey(kind)
        for hash in ["sha256", "sha384", "sha512"] {
            for key in [(2, row.der), (4, Array(row.pem.utf8))] {
                let answer = try #require(Self.sign(Self.message((1, Array(hash.utf8)), key, (3, Self.text))))
                var signature: [UInt8] = []
                answer.withUnsafeBytes {
                    var reader = ProtobufReader($0)
                    while let field = reader.next() {
                        if field.number == 2, case .bytes(let bytes) = field.content { signature = Array(bytes) }
                    }
                }
                #expect(answer.starts(with: Self.good))
                let publicKey = (5, Array(row.publicPEM.utf8))
                let check = Self.message((1, Array(hash.utf8)), publicKey, (3, signature), (4, Self.text))
                #expect(Self.verify(check) == Self.good)
            }
        }
    }

    @Test("what is wrong with a key or a hash function is said in the answer")
    func failures() {
        let key = Self.bytes(Vectors.signed[0].der)
        for hash in ["", "sha1", "sha224", "md5", "nonsense"] {
            let name = Array(hash.utf8)
            #expect(Self.verify(Self.message((1, name), (2, key))) == Self.error(2, "\(hash) is not supported."))
            #expect(Self.sign(Self.message((1, name), (2, key))) == Self.error(3, "\(hash) is not supported."))
        }
        let hash = Array("sha256".utf8)
        let badPublic = Self.error(2, "Failed to parse the public key.")
        let badPrivate = Self.error(3, "Failed to parse the private key.")
        #expect(Self.verify(Self.message((1, hash), (2, [1, 2, 3]))) == badPublic)
        #expect(Self.verify(Self.message((1, hash), (2, Array(key.dropLast(9))))) == badPublic)
        #expect(Self.verify(Self.message((1, hash), (5, Array("-----BEGIN".utf8)))) == badPublic)
        #expect(Self.sign(Self.message((1, hash), (2, key))) == badPrivate, "a public key does not sign")
        #expect(Self.sign(Self.message((1, hash), (4, [0xFF]))) == badPrivate)
    }

    @Test("what is no message, or has not exactly one key, is a bad argument")
    func malformed() {
        #expect(Self.verify([]) == nil)
        #expect(Self.verify(Self.message((1, Array("sha256".utf8)))) == nil)
        #expect(Self.verify(Self.message((2, [1]), (5, [1]))) == nil)
        #expect(Self.sign(Self.message((2, [1]), (4, [1]))) == nil)
        for bytes in [
            [0xFF], [0x12], [0x12, 5, 1], [0x00, 1], [0x13], [0x10, 1], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        ] as [[UInt8]] {
            #expect(Self.verify(bytes) == nil)
            #expect(Self.sign(bytes) == nil)
        }
        #expect(
            Self.verify([0x32, 1, 0] + Self.message((1, [0x78]), (2, [1]))) == Self.error(2, "x is not supported."))
    }
}

/// A private key made for one test.
private struct NewKey {
    var der: [UInt8]
    var pem: String
    var publicPEM: String

    init(_ kind: String) throws {
        switch kind {
        case "rsa":
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            self.der = Array(key.derRepresentation)
            self.pem = key.pemRepresentation
            self.publicPEM = key.publicKey.pemRepresentation
        case "p256":
            let key = P256.Signing.PrivateKey()
            self.der = Array(key.derRepresentation)
            self.pem = key.pemRepresentation
            self.publicPEM = key.publicKey.pemRepresentation
        case "p384":
            let key = P384.Signing.PrivateKey()
            self.der = Array(key.derRepresentation)
            self.pem = key.pemRepresentation
            self.publicPEM = key.publicKey.pemRepresentation
        default:
            let key = P521.Signing.PrivateKey()
            self.der = Array(key.derRepresentation)
            self.pem = key.pemRepresentation
            self.publicPEM = key.publicKey.pemRepresentation
        }
    }
}
