import Foundation
import ModuleFetch
import Testing

@Suite("Keys: what is read, what they verify")
struct VerificationKeyTests {
    @Test(arguments: OpenSSL.KeyKind.allCases)
    func verifiesWhatOpenSSLSigns(_ kind: OpenSSL.KeyKind) throws {
        let pair = try OpenSSL.key(kind)
        let key = try VerificationKey(pem: pair.publicPEM)
        let payload = Array("what is signed".utf8)
        let signature = try OpenSSL.sign(payload, pair)
        #expect(key.isValid(signature: signature, for: payload))
        #expect(!key.isValid(signature: signature, for: payload + [0]))
        #expect(!key.isValid(signature: Array(signature.dropLast()), for: payload))
        #expect(!key.isValid(signature: [], for: payload))
        #expect(try !VerificationKey(pem: OpenSSL.key(kind).publicPEM).isValid(signature: signature, for: payload))
        let der = try OpenSSL.run(["pkey", "-pubin", "-outform", "DER"], input: Array(pair.publicPEM.utf8))
        #expect(key.fingerprint == Digest.of(der))
    }

    @Test(arguments: OpenSSL.KeyKind.allCases)
    func openSSLVerifiesWhatWeSign(_ kind: OpenSSL.KeyKind) throws {
        let pair = try OpenSSL.key(kind)
        let key = try SigningKey(pem: pair.privatePEM)
        let payload = Array("what is signed".utf8)
        let signature = try key.sign(payload)
        #expect(try OpenSSL.verifies(signature, of: payload, pair))
        #expect(try !OpenSSL.verifies(signature, of: payload + [0], pair))
        #expect(key.verificationKey == (try VerificationKey(pem: pair.publicPEM)))
    }

    @Test func readsTraditionalPrivateKeys() throws {
        let curve = try OpenSSL.run(["ecparam", "-name", "prime256v1", "-genkey"])
        let rsa = try OpenSSL.run(["rsa", "-traditional"], input: Array(OpenSSL.key(.rsa).privatePEM.utf8))
        #expect(String(decoding: curve, as: UTF8.self).contains("BEGIN EC PRIVATE KEY"))
        #expect(String(decoding: rsa, as: UTF8.self).contains("BEGIN RSA PRIVATE KEY"))
        for pem in [curve, rsa] {
            let key = try SigningKey(pem: String(decoding: pem, as: UTF8.self))
            #expect(key.verificationKey.isValid(signature: try key.sign([1, 2, 3]), for: [1, 2, 3]))
        }
    }

    @Test func severalKeysInOneText() throws {
        let pems = try [OpenSSL.key(.p256).publicPEM, OpenSSL.key(.ed25519).publicPEM]
        let text = "# ours\n" + pems.joined(separator: "\n# theirs\n").replacingOccurrences(of: "\n", with: "\r\n")
        #expect(try VerificationKey.keys(pem: text) == pems.map { try VerificationKey(pem: $0) })
        #expect(throws: ModuleFetchError.self) { try VerificationKey(pem: text) }
    }

    @Test(arguments: [
        ("", "holds no PEM block"),
        ("ssh-ed25519 AAAA", "holds no PEM block"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA", "does not end"),
        ("-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----", "not base64"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "cannot be read"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----", "did not begin"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificates are not read"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "private key does not belong here"),
    ])
    func refuses(_ pem: String, _ reason: String) {
        let error = #expect(throws: ModuleFetchError.self) { try VerificationKey(pem: pem) }
        #expect(error?.kind == .invalid && error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func refusesShortRSA() throws {
        let pair = try OpenSSL.key(.rsa, bits: 1024)
        for error in [
            #expect(throws: ModuleFetchError.self) { try VerificationKey(pem: pair.publicPEM) },
            #expect(throws: ModuleFetchError.self) { try SigningKey(pem: pair.privatePEM) },
        ] { #expect(error?.message.contains("1024 bits") == true) }
    }

    /// PSS is another scheme under the same key: cosign takes PKCS #1 v1.5, so we take nothing else.
    @Test func refusesPSS() throws {
        let pair = try OpenSSL.key(.rsa)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("pss-\(UUID().uuidString).pem").path
        try pair.privatePEM.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let signature = try OpenSSL.run(
            ["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sign", path], input: [1, 2, 3])
        #expect(try !VerificationKey(pem: pair.publicPEM).isValid(signature: signature, for: [1, 2, 3]))
    }
}
