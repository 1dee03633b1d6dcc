import Foundation

/// The `openssl` program: an implementation that is not ours, to sign and to verify with.
enum OpenSSL {
    enum KeyKind: String, CaseIterable, Sendable {
        case p256, p384, ed25519, rsa
    }

    struct Key: Sendable {
        var kind: KeyKind
        var privatePEM: String
        var publicPEM: String
    }

    struct Failure: Error {
        var arguments: [String]
        var output: String
    }

    static func key(_ kind: KeyKind, bits: Int = 2048) throws -> Key {
        let algorithm =
            switch kind {
            case .p256: ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            case .p384: ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]
            case .ed25519: ["ED25519"]
            case .rsa: ["RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"]
            }
        return try Self.inFolder { folder in
            let path = folder + "/key.pem"
            try Self.run(["genpkey", "-algorithm"] + algorithm + ["-out", path])
            return Key(
                kind: kind, privatePEM: try String(contentsOfFile: path, encoding: .utf8),
                publicPEM: String(decoding: try Self.run(["pkey", "-in", path, "-pubout"]), as: UTF8.self))
        }
    }

    static func sign(_ payload: [UInt8], _ key: Key) throws -> [UInt8] {
        try Self.inFolder { folder in
            let (keyPath, payloadPath) = (folder + "/key.pem", folder + "/payload")
            try key.privatePEM.write(toFile: keyPath, atomically: false, encoding: .utf8)
            try Data(payload).write(to: URL(fileURLWithPath: payloadPath))
            return switch key.kind {
            case .ed25519: try Self.run(["pkeyutl", "-sign", "-rawin", "-inkey", keyPath, "-in", payloadPath])
            default: try Self.run(["dgst", "-sha256", "-sign", keyPath, payloadPath])
            }
        }
    }

    static func verifies(_ signature: [UInt8], of payload: [UInt8], _ key: Key) throws -> Bool {
        try Self.inFolder { folder in
            let (keyPath, payloadPath, signaturePath) = (
                folder + "/key.pem", folder + "/payload", folder + "/signature"
            )
            try key.publicPEM.write(toFile: keyPath, atomically: false, encoding: .utf8)
            try Data(payload).write(to: URL(fileURLWithPath: payloadPath))
            try Data(signature).write(to: URL(fileURLWithPath: signaturePath))
            let arguments =
                switch key.kind {
                case .ed25519:
                    [
                        "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", keyPath, "-in", payloadPath, "-sigfile",
                        signaturePath,
                    ]
                default: ["dgst", "-sha256", "-verify", keyPath, "-signature", signaturePath, payloadPath]
                }
            return (try? Self.run(arguments)) != nil
        }
    }

    @discardableResult
    static func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        standardInput.fileHandleForWriting.write(Data(input))
        try standardInput.fileHandleForWriting.close()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(arguments: arguments, output: String(decoding: text, as: UTF8.self))
        }
        return Array(bytes)
    }

    private static func inFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("openssl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }
}
