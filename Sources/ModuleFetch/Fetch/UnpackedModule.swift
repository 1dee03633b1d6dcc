/// A module's bytes, out of whatever they came in, and their digest.
struct UnpackedModule: Sendable {
    let bytes: [UInt8]
    let digest: Digest

    init(_ bytes: [UInt8]) { self.init(bytes: bytes, digest: .of(bytes)) }

    init(bytes: [UInt8], digest: Digest) {
        self.bytes = bytes
        self.digest = digest
    }
}
