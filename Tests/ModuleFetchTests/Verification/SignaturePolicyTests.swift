import ModuleFetch
import Testing

@Suite("Whose signature is needed")
struct SignaturePolicyTests {
    @Test func groups() throws {
        let pems = try (0..<3).map { _ in try OpenSSL.key(.p256).publicPEM }
        let keys = try pems.map { try VerificationKey(pem: $0) }
        var options = FetchOptions()
        var host = HostOptions()
        host.signatureKeys = [pems[1], pems[2]]
        options.registries["signed.example"] = host
        let policy = SignaturePolicy(options: options)
        let signed = ImageReference(registry: "signed.example", repository: "a")
        let plain = ImageReference(registry: "plain.example", repository: "a")
        #expect(try policy.keys(for: plain, resourceKey: nil).isEmpty)
        #expect(try policy.keys(for: plain, resourceKey: "").isEmpty)
        #expect(try policy.keys(for: plain, resourceKey: pems[0]) == [[keys[0]]])
        #expect(try policy.keys(for: signed, resourceKey: nil) == [[keys[1], keys[2]]])
        #expect(try policy.keys(for: signed, resourceKey: pems[0]) == [[keys[0]], [keys[1], keys[2]]])
        #expect(try policy.keys(for: "signed.example", resourceKey: nil) == [[keys[1], keys[2]]])
    }

    /// A key that cannot be read must not be a key that is not there.
    @Test func unreadableKeys() {
        var options = FetchOptions()
        for key in [" ", "nonsense"] {
            let error = #expect(throws: ModuleFetchError.self) {
                try SignaturePolicy(options: options).keys(for: "a", resourceKey: key)
            }
            #expect(error?.kind == .invalid && error?.message.hasPrefix("verificationKey: ") == true)
        }
        options.defaults.signatureKeys = [""]
        let error = #expect(throws: ModuleFetchError.self) {
            try SignaturePolicy(options: options).keys(for: "a", resourceKey: nil)
        }
        #expect(error?.message.hasPrefix("the signature keys of a: ") == true)
    }
}
