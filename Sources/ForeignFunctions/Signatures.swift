import Crypto
import CryptoExtras
import ProxyWasm

/// `verify_signature` and `sign`: RSA (PKCS #1 v1.5) and ECDSA (P-256, P-384, P-521; signatures in DER) with SHA-256,
/// SHA-384 or SHA-512.
///
/// Arguments and results are protobuf messages. What is no such message is BAD_ARGUMENT; everything else is answered
/// with a message that says what was wrong.
enum Signatures {
    /// Envoy's messages of arguments: the numbers of the key fields differ.
    private struct Arguments {
        var hashFunction = ""
        var keyDER: [UInt8] = []
        var keyPEM = ""
        var signature: [UInt8] = []
        var text: [UInt8] = []

        /// Nil: no such message, or not exactly one key.
        init?(_ bytes: UnsafeRawBufferPointer, signature: Int?, text: Int, keyPEM: Int) {
            var reader = ProtobufReader(bytes)
            while let field = reader.next() {
                guard (1...5).contains(field.number) else { continue }
                guard case .bytes(let content) = field.content else { return nil }
                switch field.number {
                case 1: self.hashFunction = String(decoding: content, as: UTF8.self)
                case 2: self.keyDER = Array(content)
                case signature: self.signature = Array(content)
                case text: self.text = Array(content)
                case keyPEM: self.keyPEM = String(decoding: content, as: UTF8.self)
                default: break
                }
            }
            guard !reader.isMalformed, self.keyDER.isEmpty != self.keyPEM.isEmpty else { return nil }
        }
    }

    static func verify(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status {
        guard let answer = Self.verify(argument) else { return .badArgument }
        result = answer
        return .ok
    }

    static func sign(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status {
        guard let answer = Self.sign(argument) else { return .badArgument }
        result = answer
        return .ok
    }

    /// `{1 hash_function, 2 public_key, 3 signature, 4 text, 5 public_key_pem}` → `{1 result, 2 error}`
    static func verify(_ argument: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let arguments = Arguments(argument, signature: 3, text: 4, keyPEM: 5) else { return nil }
        var writer = ProtobufWriter()
        if let hash = HashFunction(arguments.hashFunction) {
            if let key = PublicKey(der: arguments.keyDER, pem: arguments.keyPEM) {
                if key.isValid(arguments.signature, for: arguments.text, hash) {
                    writer.varint(1, 1)
                } else {
                    writer.bytes(2, Array("Failed to verify digest.".utf8))
                }
            } else {
                writer.bytes(2, Array("Failed to parse the public key.".utf8))
            }
        } else {
            writer.bytes(2, Array("\(arguments.hashFunction) is not supported.".utf8))
        }
        return writer.bytes
    }

    /// `{1 hash_function, 2 private_key, 3 text, 4 private_key_pem}` → `{1 result, 2 signature, 3 error}`
    static func sign(_ argument: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let arguments = Arguments(argument, signature: nil, text: 3, keyPEM: 4) else { return nil }
        var writer = ProtobufWriter()
        if let hash = HashFunction(arguments.hashFunction) {
            if let key = PrivateKey(der: arguments.keyDER, pem: arguments.keyPEM) {
                if let signature = key.signature(for: arguments.text, hash) {
                    writer.varint(1, 1)
                    writer.bytes(2, signature)
                } else {
                    writer.bytes(3, Array("Failed to sign the text.".utf8))
                }
            } else {
                writer.bytes(3, Array("Failed to parse the private key.".utf8))
            }
        } else {
            writer.bytes(3, Array("\(arguments.hashFunction) is not supported.".utf8))
        }
        return writer.bytes
    }
}

enum HashFunction {
    case sha256, sha384, sha512

    /// By its name, in any case.
    init?(_ name: String) {
        switch name.lowercased() {
        case "sha256": self = .sha256
        case "sha384": self = .sha384
        case "sha512": self = .sha512
        default: return nil
        }
    }
}
