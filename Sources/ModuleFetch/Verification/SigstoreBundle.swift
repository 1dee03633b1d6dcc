#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// As much of a Sigstore bundle as can be verified with a public key alone (sigstore/protobuf-specs,
/// `sigstore_bundle.proto`; cosign's bundle specification). Certificates, log entries and timestamps say who signed
/// when; the key given says that already, so they are not looked at.
struct SigstoreBundle: Decodable {
    struct MessageSignature: Decodable {
        var signature: Data
    }
    /// github.com/secure-systems-lab/dsse, "envelope".
    struct Envelope: Decodable {
        struct Signature: Decodable {
            var sig: Data
        }
        var payload: Data
        var payloadType: String
        var signatures: [Signature]
    }
    /// github.com/in-toto/attestation, "Statement".
    struct Statement: Decodable {
        struct Subject: Decodable {
            var digest: [String: String]?
        }
        var _type: String
        var subject: [Subject]
        var predicateType: String

        /// The digests in it, of our kind.
        var digests: [Digest] { self.subject.compactMap { $0.digest?["sha256"].flatMap { Digest($0) } } }
    }

    /// Versions follow: `.v0.3+json`, or `+json;version=0.2` and earlier.
    static let mediaTypePrefix = "application/vnd.dev.sigstore.bundle"
    static let statementPayloadType = "application/vnd.in-toto+json"
    static let statementTypes = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"]
    /// What `cosign sign` says of an image. Other statements (what is in it, how it was built, which flaws it has) are
    /// no leave to run it, even by the right key.
    static let signPredicateType = "https://sigstore.dev/cosign/sign/v1"

    var mediaType: String
    var messageSignature: MessageSignature?
    var dsseEnvelope: Envelope?

    init?(json: [UInt8]) {
        guard let bundle = try? JSONDecoder().decode(Self.self, from: Data(json)),
            bundle.mediaType.hasPrefix(Self.mediaTypePrefix)
        else { return nil }
        self = bundle
    }
}

extension SigstoreBundle.Envelope {
    /// What is signed: DSSE's "pre-authentication encoding".
    var signedBytes: [UInt8] {
        Array("DSSEv1 \(self.payloadType.utf8.count) \(self.payloadType) \(self.payload.count) ".utf8)
            + Array(self.payload)
    }

    /// Nil when it is no in-toto statement.
    var statement: SigstoreBundle.Statement? {
        guard self.payloadType == SigstoreBundle.statementPayloadType,
            let statement = try? JSONDecoder().decode(SigstoreBundle.Statement.self, from: self.payload),
            SigstoreBundle.statementTypes.contains(statement._type)
        else { return nil }
        return statement
    }
}
