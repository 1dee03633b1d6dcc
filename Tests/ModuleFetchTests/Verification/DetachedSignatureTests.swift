import Foundation
import ModuleFetch
import Testing

@Suite("Signatures beside modules")
struct DetachedSignatureTests {
    private let module = Array(CosignVectors.blob.utf8)
    private let signature = CosignVectors.blobSignature

    private func verify(_ text: String, module: [UInt8]? = nil, key: String? = nil) throws(ModuleFetchError) {
        try DetachedSignature.verify(
            module: module ?? self.module, signature: Array(text.utf8),
            keys: [try VerificationKey(pem: key ?? CosignVectors.pairPublic)], name: "https://example/plugin.wasm")
    }

    @Test func whatCosignSigned() throws {
        try self.verify(self.signature)
        try self.verify("\(self.signature.prefix(64))\n\(self.signature.dropFirst(64))\r\n")
        try self.verify("AAAA\n\(self.signature)\n")
        try self.verify(
            #"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{"signature":"\#(self.signature)"}}"#
        )
    }

    @Test func whatOpenSSLSigned() throws {
        for kind in OpenSSL.KeyKind.allCases {
            let pair = try OpenSSL.key(kind)
            let text = Data(try OpenSSL.sign([0, 0x61, 0x73, 0x6D], pair)).base64EncodedString()
            try self.verify(text, module: [0, 0x61, 0x73, 0x6D], key: pair.publicPEM)
        }
    }

    @Test func refuses() throws {
        let otherKey = try OpenSSL.key(.p256).publicPEM
        let cases: [(text: String, module: [UInt8], key: String, reason: String)] = [
            (self.signature, self.module + [0], CosignVectors.pairPublic, "is by another key, or of other bytes"),
            (self.signature, self.module, otherKey, "is by another key, or of other bytes"),
            ("", self.module, CosignVectors.pairPublic, "neither base64"),
            ("<html>", self.module, CosignVectors.pairPublic, "neither base64"),
            ("{}", self.module, CosignVectors.pairPublic, "no Sigstore bundle"),
            (String(repeating: "A", count: 1 << 21), self.module, CosignVectors.pairPublic, "longer than"),
        ]
        for (text, module, key, reason) in cases {
            let error = #expect(throws: ModuleFetchError.self) { try self.verify(text, module: module, key: key) }
            #expect(
                error?.kind == .unverified && error?.message.contains(reason) == true, "\(String(describing: error))")
        }
    }
}
