/// Stands in for swift-crypto, whose C library would be most of the build: the engine hashes only for the names in its
/// cache of compiled code, and the fuzz targets have none; digests of images need only differ. FNV-1a, four times with
/// different beginnings.
public struct SHA256 {
    public typealias Digest = [UInt8]

    public static func hash(data: [UInt8]) -> Digest {
        var hash = SHA256()
        hash.update(data: data)
        return hash.finalize()
    }

    private var states: [UInt64] = [0xcbf2_9ce4_8422_2325, 0x1, 0x2, 0x3]

    public init() {}

    public mutating func update(data: [UInt8]) { data.withUnsafeBytes { self.update(bufferPointer: $0) } }

    public mutating func update(bufferPointer: UnsafeRawBufferPointer) {
        for byte in bufferPointer {
            for index in self.states.indices {
                self.states[index] = (self.states[index] ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
    }

    public func finalize() -> Digest { self.states.flatMap { state in withUnsafeBytes(of: state) { Array($0) } } }
}
