/// A value of the Common Expression Language.
///
/// Strings are UTF-8 bytes: what a peer sent need not be valid, and is compared as it is.
package enum Value: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string([UInt8])
    case bytes([UInt8])
    case timestamp(Timestamp)
    case duration(Duration)
    case list([Value])
    case map(MapValue)
    /// What `type(x)` answers and `int`, `string`, … stand for.
    case type(ValueType)

    package static func string(_ text: String) -> Value { .string(Array(text.utf8)) }

    package var type: ValueType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .list: .list
        case .map: .map
        case .type: .type
        }
    }
}

/// The types, by the names expressions use for them.
package enum ValueType: String, Sendable, Equatable, CaseIterable {
    case null = "null_type"
    case bool, int, uint, double, string, bytes, list, map, type
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"
}
