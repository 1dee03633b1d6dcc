/// The value of an attribute (property) with its type, as Envoy's attributes have them.
///
/// How a plugin gets to see it as bytes is decided in `AttributeEncoding` only.
public enum AttributeValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    /// UTF-8, as far as peers kept to it.
    case string([UInt8])
    case bytes([UInt8])
    /// Nanoseconds since the Unix epoch.
    case timestamp(Int64)
    /// Nanoseconds.
    case duration(Int64)
    case list([AttributeValue])
    case map([AttributeEntry])
    case message(AttributeMessage)

    public static func string(_ text: String) -> AttributeValue { .string(Array(text.utf8)) }

    /// A map with text keys, in that order.
    public static func map(_ pairs: KeyValuePairs<String, AttributeValue>) -> AttributeValue {
        .map(pairs.map { AttributeEntry(key: Array($0.key.utf8), value: $0.value) })
    }

    /// What a segment of a path stands for: a key, a field's name, an index in decimal. Nil: there is no such thing,
    /// or nothing to descend into.
    public func child(_ segment: ArraySlice<UInt8>) -> AttributeValue? {
        switch self {
        case .map(let entries):
            return entries.first { $0.key.elementsEqual(segment) }?.value
        case .message(let message):
            return message.fields.first { $0.name.utf8.elementsEqual(segment) }?.value
        case .list(let elements):
            guard let index = Int(String(decoding: segment, as: UTF8.self)), elements.indices.contains(index) else {
                return nil
            }
            return elements[index]
        default:
            return nil
        }
    }
}

/// A key of a map attribute, as bytes, and its value.
public struct AttributeEntry: Sendable, Equatable {
    public var key: [UInt8]
    public var value: AttributeValue

    public init(key: [UInt8], value: AttributeValue) {
        self.key = key
        self.value = value
    }
}
