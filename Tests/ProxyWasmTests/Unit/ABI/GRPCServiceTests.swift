import ProxyWasm
import Testing

@Suite struct GRPCServiceTests {
    private static func read(_ bytes: [UInt8]) -> GRPCService? { bytes.withUnsafeBytes { GRPCService($0) } }

    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(content.count)] + content
    }

    private static func text(_ number: UInt8, _ text: String) -> [UInt8] { Self.field(number, Array(text.utf8)) }

    @Test func clusterAuthorityAndMetadataAreRead() throws {
        let envoy = Self.field(1, Self.text(1, "c1") + Self.text(2, "a.test"))
        let metadata = Self.field(5, Self.text(1, "k") + Self.text(2, "v"))
        // A timeout (3) and unknown fields of every wire type are passed over.
        let others: [UInt8] =
            Self.field(3, [8, 5]) + [0x78, 0x96, 0x01] + [0x75, 1, 2, 3, 4]
            + [0x71, 1, 2, 3, 4, 5, 6, 7, 8]
        let service = try #require(Self.read(metadata + others + envoy + metadata))
        #expect(service.clusterName == Array("c1".utf8))
        #expect(service.authority == Array("a.test".utf8))
        #expect(service.initialMetadata.map(\.name) == [Array("k".utf8), Array("k".utf8)])
    }

    static let refused: [(String, [UInt8])] = [
        ("nothing", []),
        ("no cluster", [0x0A, 0x00]),
        ("google_grpc", [0x12, 0x03, 0x0A, 0x01, 0x61]),
        ("a name", Array("outbound|50051||grpc.test".utf8)),
        ("cut", [0x0A, 0x05, 0x0A, 0x02, 0x63]),
        ("a length that overflows", [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ("a number without end", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        ("field 0", [0x02, 0x00]),
        ("a group", [0x0B, 0x0C]),
        ("too large", [UInt8](repeating: 0x0A, count: (64 << 10) + 1)),
    ]

    @Test(arguments: refused) func whatIsNoServiceIsRefused(_ row: (name: String, bytes: [UInt8])) {
        #expect(Self.read(row.bytes) == nil)
    }

    @Test func metadataIsBounded() {
        let envoy = Self.field(1, Self.text(1, "c"))
        let one = Self.field(5, Self.text(1, "k"))
        #expect(Self.read(envoy + (0..<100).flatMap { _ in one }) != nil)
        #expect(Self.read(envoy + (0..<101).flatMap { _ in one }) == nil)
    }

    /// Whatever the bytes are, reading them ends and stays inside.
    @Test func everyPrefixAndChangeIsHarmless() {
        let whole = Self.field(1, Self.text(1, "c1") + Self.text(2, "a")) + Self.field(5, Self.text(1, "k"))
        for end in whole.indices { _ = Self.read(Array(whole[..<end])) }
        for index in whole.indices {
            for value in UInt8.min...UInt8.max {
                var changed = whole
                changed[index] = value
                _ = Self.read(changed)
            }
        }
    }
}
