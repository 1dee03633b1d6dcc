/// A protobuf message as an attribute: fields to descend into, and the bytes of the whole.
public struct AttributeMessage: Sendable, Equatable {
    public struct Field: Sendable, Equatable {
        public var name: String
        public var number: Int
        public var value: AttributeValue
        /// How a map is written; other values write themselves.
        public var form: Form

        public init(_ name: String, _ number: Int, _ value: AttributeValue, form: Form = .structure) {
            self.name = name
            self.number = number
            self.value = value
            self.form = form
        }
    }

    /// What a field that holds a map is on the wire.
    public enum Form: Sendable {
        /// `google.protobuf.Struct`
        case structure
        /// `map<string, google.protobuf.Struct>`
        case structuresByName
    }

    public let fields: [Field]
    /// The message on the wire.
    public let serialized: [UInt8]

    /// Fields at their default value are left out of the bytes, as proto3 does.
    public init(_ fields: [Field]) {
        self.fields = fields
        var writer = ProtobufWriter()
        for field in fields { Self.write(field, to: &writer) }
        self.serialized = writer.bytes
    }

    /// Bytes whose type nobody here knows: nothing to descend into.
    public init(opaque bytes: [UInt8]) {
        self.fields = []
        self.serialized = bytes
    }

    private static func write(_ field: Field, to writer: inout ProtobufWriter) {
        switch field.value {
        case .null, .list, .duration, .timestamp: break
        case .bool(let flag): if flag { writer.varint(field.number, 1) }
        case .int(let number): if number != 0 { writer.varint(field.number, UInt64(bitPattern: number)) }
        case .uint(let number): if number != 0 { writer.varint(field.number, number) }
        case .double(let number): if number != 0 { writer.fixed64(field.number, number.bitPattern) }
        case .string(let bytes), .bytes(let bytes): if !bytes.isEmpty { writer.bytes(field.number, bytes) }
        case .message(let message): writer.bytes(field.number, message.serialized)
        case .map(let entries):
            switch field.form {
            case .structure:
                writer.bytes(field.number, Self.structure(entries))
            case .structuresByName:
                for entry in entries {
                    guard case .map(let inner) = entry.value else { continue }
                    var pair = ProtobufWriter()
                    pair.bytes(1, entry.key)
                    pair.bytes(2, Self.structure(inner))
                    writer.bytes(field.number, pair.bytes)
                }
            }
        }
    }

    /// `google.protobuf.Struct`: `map<string, Value> fields = 1`.
    private static func structure(_ entries: [AttributeEntry]) -> [UInt8] {
        var writer = ProtobufWriter()
        for entry in entries {
            var pair = ProtobufWriter()
            pair.bytes(1, entry.key)
            pair.bytes(2, Self.value(entry.value))
            writer.bytes(1, pair.bytes)
        }
        return writer.bytes
    }

    /// `google.protobuf.Value`: null 1, number 2, string 3, bool 4, struct 5, list 6.
    private static func value(_ value: AttributeValue) -> [UInt8] {
        var writer = ProtobufWriter()
        switch value {
        case .null, .message: writer.varint(1, 0)
        case .bool(let flag): writer.varint(4, flag ? 1 : 0)
        case .double(let number): writer.fixed64(2, number.bitPattern)
        case .int(let number), .timestamp(let number), .duration(let number):
            writer.fixed64(2, Double(number).bitPattern)
        case .uint(let number): writer.fixed64(2, Double(number).bitPattern)
        case .string(let bytes), .bytes(let bytes): writer.bytes(3, bytes)
        case .map(let entries): writer.bytes(5, Self.structure(entries))
        case .list(let elements):
            var list = ProtobufWriter()
            for element in elements { list.bytes(1, Self.value(element)) }
            writer.bytes(6, list.bytes)
        }
        return writer.bytes
    }
}
