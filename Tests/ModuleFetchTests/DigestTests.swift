import Crypto
import ModuleFetch
import Testing

@Suite("Digests")
struct DigestTests {
    @Test func ofBytes() {
        let digest = Digest.of(Array("abc".utf8))
        #expect(digest.description == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest(digest.hex) == digest && Digest(digest.description) == digest)
    }

    @Test(arguments: [
        "", "sha256:", "sha512:abc", String(repeating: "A", count: 64), String(repeating: "a", count: 63),
    ])
    func isNone(_ text: String) {
        #expect(Digest(text) == nil)
    }
}
