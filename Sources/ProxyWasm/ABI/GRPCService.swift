/// What is read of a serialized `envoy.config.core.v3.GrpcService`, which plugins may give for a gRPC upstream.
///
/// `envoy_grpc` (1) { `cluster_name` (1), `authority` (2) }, `initial_metadata` (5) { `key` (1), `value` (2) }; other
/// fields have no effect. Fields may come in any order, the last of a kind counts (Protocol Buffers encoding).
public struct GRPCService: Sendable, Equatable {
    public var clusterName: [UInt8] = []
    /// Empty: not given.
    public var authority: [UInt8] = []
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
            guard let content = field.content else { continue }
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
        guard reader.isAtEnd, !self.clusterName.isEmpty else { return nil }
    }

    private mutating func readEnvoyGRPC(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var reader = ProtobufReader(bytes)
        while let field = reader.next() {
            guard let content = field.content else { continue }
            if field.number == 1 { self.clusterName = Array(content) }
            if field.number == 2 { self.authority = Array(content) }
        }
        return reader.isAtEnd
    }

    private mutating func readMetadata(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard self.initialMetadata.count < Self.maximumMetadata else { return false }
        var reader = ProtobufReader(bytes)
        var name: [UInt8] = []
        var value: [UInt8] = []
        while let field = reader.next() {
            guard let content = field.content else { continue }
            if field.number == 1 { name = Array(content) }
            if field.number == 2 { value = Array(content) }
        }
        self.initialMetadata.append((name, value))
        return reader.isAtEnd
    }
}

/// Walks the fields of one serialized protobuf message; stops at the first byte that is none.
struct ProtobufReader {
    struct Field {
        let number: UInt64
        /// Of length-delimited fields; nil for numbers.
        let content: UnsafeRawBufferPointer?
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Everything has been read.
    var isAtEnd: Bool { self.position == self.bytes.count }

    mutating func next() -> Field? {
        let start = self.position
        guard let field = self.read() else {
            self.position = min(start, self.bytes.count)
            return nil
        }
        return field
    }

    private mutating func read() -> Field? {
        guard let tag = self.varint(), tag >> 3 > 0, tag >> 3 <= 0x1FFF_FFFF else { return nil }
        switch tag & 7 {
        case 0:
            guard self.varint() != nil else { return nil }
            return Field(number: tag >> 3, content: nil)
        case 1:
            return self.skip(8) ? Field(number: tag >> 3, content: nil) : nil
        case 2:
            guard let length = self.varint(), length <= UInt64(self.bytes.count - self.position) else { return nil }
            let start = self.position
            self.position += Int(length)
            return Field(
                number: tag >> 3, content: UnsafeRawBufferPointer(rebasing: self.bytes[start..<self.position]))
        case 5:
            return self.skip(4) ? Field(number: tag >> 3, content: nil) : nil
        default:
            return nil
        }
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard count <= self.bytes.count - self.position else { return false }
        self.position += count
        return true
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while self.position < self.bytes.count, shift < 64 {
            let byte = self.bytes[self.position]
            self.position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}
