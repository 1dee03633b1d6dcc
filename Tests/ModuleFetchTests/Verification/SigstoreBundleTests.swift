import Foundation
import ModuleFetch
import Testing

/// Sigstore bundles, which are found by way of the referrers.
extension SignatureVerifierTests {
    private static let bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

    private func putBundle(_ content: String) {
        let json = Array(
            #"{"mediaType":"\#(Self.bundleType)","verificationMaterial":{"publicKey":{"hint":"x"},"tlogEntries":[]},\#(content)}"#
                .utf8)
        let digest = self.registry.put(blob: json)
        self.putReferrer(
            [#"{"mediaType":"\#(Self.bundleType)","size":\#(json.count),"digest":"\#(digest)"}"#], type: Self.bundleType
        )
    }

    private func envelope(
        predicate: String = "https://sigstore.dev/cosign/sign/v1", digest: Digest? = nil,
        payloadType: String = "application/vnd.in-toto+json", signedType: String? = nil
    ) throws -> String {
        let statement = Array(
            (#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"\#((digest ?? self.subject).hex)"}}],"#
                + #""predicateType":"\#(predicate)","predicate":{}}"#).utf8)
        let type = signedType ?? payloadType
        let signed = Array("DSSEv1 \(type.utf8.count) \(type) \(statement.count) ".utf8) + statement
        let signature = Data(try OpenSSL.sign(signed, self.pair)).base64EncodedString()
        return
            #""dsseEnvelope":{"payload":"\#(Data(statement).base64EncodedString())","payloadType":"\#(payloadType)","#
            + #""signatures":[{"sig":"\#(signature)","keyid":""}]}"#
    }

    @Test func bundleWithStatement() async throws {
        self.putBundle(try self.envelope())
        #expect(try await self.verify().key == self.key)
        let other = try VerificationKey(pem: OpenSSL.key(.p256).publicPEM)
        #expect(await self.error(keys: [other])?.kind == .unverified)
    }

    @Test func bundleForAnotherDigest() async throws {
        self.putBundle(try self.envelope(digest: Digest.of([1])))
        #expect(await self.error()?.message.contains("is for another digest, \(Digest.of([1]))") == true)
    }

    /// That the owner of the key described the image is no leave to run it.
    @Test func bundleThatOnlyDescribes() async throws {
        self.putBundle(try self.envelope(predicate: "https://spdx.dev/Document"))
        #expect(await self.error()?.message.contains("“https://spdx.dev/Document”") == true)
    }

    @Test func bundleWithOtherPayloadType() async throws {
        self.putBundle(try self.envelope(payloadType: "text/plain"))
        #expect(await self.error()?.message.contains("“text/plain”") == true)
    }

    /// The type is signed, too.
    @Test func bundleWithAlteredPayloadType() async throws {
        self.putBundle(try self.envelope(signedType: "text/plain"))
        #expect(await self.error()?.message.contains("altered since") == true)
    }

    @Test func bundleWithMessageSignature() async throws {
        let manifest = Array("the image's manifest".utf8)
        #expect(self.registry.put(manifest: manifest) == self.subject)
        let signature = Data(try OpenSSL.sign(manifest, self.pair)).base64EncodedString()
        self.putBundle(
            #""messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":""},"signature":"\#(signature)"}"#)
        #expect(try await self.verify().key == self.key)
    }

    @Test func bundleWithoutSignature() async {
        self.putBundle(#""other":1"#)
        #expect(await self.error()?.message.contains("holds no signature") == true)
    }
}
