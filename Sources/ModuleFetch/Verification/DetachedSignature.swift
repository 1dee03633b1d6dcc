#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A signature in a file of its own beside a module that comes from no registry: `URL.sig`. It is over the module's
/// bytes, in base64, as `cosign sign-blob` prints it; or a Sigstore bundle, as newer versions of it write. Where several
/// have to sign, their signatures stand one a line.
package enum DetachedSignature {
    /// Put behind the module's URL or path.
    package static let suffix = ".sig"
    /// Longer ones are not read.
    package static let maximumBytes = 1 << 20

    /// The key that signed.
    @discardableResult
    package static func verify(
        module: [UInt8], signature text: [UInt8], keys: [VerificationKey], name: String
    ) throws(ModuleFetchError) -> VerificationKey {
        guard text.count <= Self.maximumBytes else {
            throw ModuleFetchError(.unverified, "the signature of \(name) is longer than \(Self.maximumBytes) bytes")
        }
        let candidates = try Self.signatures(in: text, name: name)
        let key = keys.first { key in candidates.contains { key.isValid(signature: $0, for: module) } }
        guard let key else {
            let by = keys.isEmpty ? "any key" : keys.map(\.description).joined(separator: " or ")
            throw ModuleFetchError(
                .unverified, "\(name) is not signed with \(by): its signature is by another key, or of other bytes")
        }
        return key
    }

    /// What may be the signature: the text as a whole, which may be broken into lines, or else one of its lines.
    private static func signatures(in text: [UInt8], name: String) throws(ModuleFetchError) -> [[UInt8]] {
        let lines = text.split { $0 == 0x0A || $0 == 0x0D }
            .map { $0.filter { $0 != 0x20 && $0 != 0x09 } }
            .filter { !$0.isEmpty }
        if lines.first?.first == UInt8(ascii: "{") {
            guard let bundle = SigstoreBundle(json: text), let message = bundle.messageSignature else {
                throw ModuleFetchError(
                    .unverified, "the signature of \(name) is JSON, but no Sigstore bundle with a message signature")
            }
            return [Array(message.signature)]
        }
        var candidates = [Array(lines.joined())]
        if lines.count > 1 { candidates += lines.prefix(Self.maximumSignatures) }
        let signatures = candidates.compactMap { Data(base64Encoded: Data($0)) }.filter { !$0.isEmpty }
        guard !signatures.isEmpty else {
            throw ModuleFetchError(.unverified, "the signature of \(name) is neither base64 nor a Sigstore bundle")
        }
        return signatures.map { Array($0) }
    }

    private static let maximumSignatures = 16
}
