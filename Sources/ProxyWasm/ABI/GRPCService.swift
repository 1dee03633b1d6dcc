/// What is read of a serialized `envoy.config.core.v3.GrpcService`, which plugins may give for a gRPC upstream.
///
/// `envoy_grpc` (1) { `cluster_name` (1), `authority` (2) }, `initial_metadata` (5) { `key` (1), `value` (2) }; other
/// fields have no effect. Fields may come in any order, the last of a kind counts (Protocol Buffers encoding).
public struct GRPCService: Sendable, Equatable {
    public var clusterName: [UInt8] = []
    /// Empty: not given.
    public var authority: [UInt8] = []
    /// As on the wire.
    public var initialMetadata: [(name: [UInt8], value: [UInt8])] = []

    public static let maximumBytes = 64 << 10
    public static let maximumMetadata = 100

    public static func == (left: GRPCService, right: GRPCService) -> Bool {
        left.clusterName == right.clusterName && left.authority == right.authority
            && left.initialMetadata.elementsEqual(right.initialMetadata) { $0.name == $1.name && $0.value == $1.value }
    }

    /// Nil when the bytes are no such message, or one that does not name a cluster (`google_grpc`).
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Self.maximumBytes else { return nil }
        var reader = ProtobufReader(bytes)
        while let field = reader.next() {
            guard case .bytes(let content) = field.content else { continue }
            switch field.number {
            case 1:
                guard self.readEnvoyGRPC(content) else { return nil }
            case 2:
                // `google_grpc`: the other member of the same `oneof`.
                self.clusterName = []
            case 5:
                guard self.readMetadata(content) else { return nil }
            default:
                break
            }
        }
        guard !reader.isMalformed, !self.clusterName.isEmpty else { return nil }
    }

    private mutating func readEnvoyGRPC(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var reader = ProtobufReader(bytes)
        while let field = reader.next() {
            guard case .bytes(let content) = field.content else { continue }
            if field.number == 1 { self.clusterName = Array(content) }
            if field.number == 2 { self.authority = Array(content) }
        }
        return !reader.isMalformed
    }

    private mutating func readMetadata(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard self.initialMetadata.count < Self.maximumMetadata else { return false }
        var reader = ProtobufReader(bytes)
        var name: [UInt8] = []
        var value: [UInt8] = []
        while let field = reader.next() {
            guard case .bytes(let content) = field.content else { continue }
            if field.number == 1 { name = Array(content) }
            if field.number == 2 { value = Array(content) }
        }
        let wire = name.withUnsafeBytes { name in value.withUnsafeBytes { GRPCMetadata.wireValue(name, $0) } }
        self.initialMetadata.append((name, wire ?? value))
        return !reader.isMalformed
    }
}
