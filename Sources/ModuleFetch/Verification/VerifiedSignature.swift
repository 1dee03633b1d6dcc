/// That an image is signed, by whom, and where that was found.
package struct VerifiedSignature: Sendable, Equatable {
    /// Which of the acceptable manifests is signed.
    package var subject: Digest
    package var key: VerificationKey
    /// The reference of the signature's manifest.
    package var source: ImageReference
    /// The name that the signer called the image by; a simple signing payload has one.
    package var dockerReference: String?
}
