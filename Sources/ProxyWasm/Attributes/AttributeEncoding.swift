/// Attributes as the bytes that plugins get (`proxy_get_property`, `expr_evaluate`), as Envoy writes them:
///
/// strings, bytes and messages raw; integers, doubles and times (in nanoseconds) in 8 bytes, little-endian; a flag in
/// one byte; maps as pairs with encoded values, lists as pairs with the elements for names. Null has no bytes.
public enum AttributeEncoding {
    /// Appends the encoded value; false: it can't be serialized.
    public static func encode(_ value: AttributeValue, into bytes: inout [UInt8]) -> Bool {
        switch value {
        case .null:
            return false
        case .bool(let flag):
            bytes.append(flag ? 1 : 0)
        case .int(let number), .timestamp(let number), .duration(let number):
            Self.append(UInt64(bitPattern: number), to: &bytes)
        case .uint(let number):
            Self.append(number, to: &bytes)
        case .double(let number):
            Self.append(number.bitPattern, to: &bytes)
        case .string(let content), .bytes(let content):
            bytes.append(contentsOf: content)
        case .message(let message):
            bytes.append(contentsOf: message.serialized)
        case .list(let elements):
            var names: [[UInt8]] = []
            for element in elements {
                var name: [UInt8] = []
                guard Self.encode(element, into: &name) else { return false }
                names.append(name)
            }
            Self.pairs(names.map { ($0, []) }, into: &bytes)
        case .map(let entries):
            var pairs: [([UInt8], [UInt8])] = []
            for entry in entries {
                var content: [UInt8] = []
                guard Self.encode(entry.value, into: &content) else { return false }
                pairs.append((entry.key, content))
            }
            Self.pairs(pairs, into: &bytes)
        }
        return true
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A serialized map: count, the lengths, then names and values, each with a NUL behind it.
    private static func pairs(_ pairs: [([UInt8], [UInt8])], into bytes: inout [UInt8]) {
        func append(_ number: Int) {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { bytes.append(contentsOf: $0) }
        }
        append(pairs.count)
        for (name, value) in pairs {
            append(name.count)
            append(value.count)
        }
        for (name, value) in pairs {
            bytes.append(contentsOf: name)
            bytes.append(0)
            bytes.append(contentsOf: value)
            bytes.append(0)
        }
    }
}

extension PluginVM {
    /// Hands an attribute to the guest.
    func give(_ attribute: borrowing AttributeBuffer, _ address: UInt32, _ size: UInt32) -> Status {
        switch attribute.kind {
        case .string, .bytes, .message:
            return attribute.bytes.withUnsafeBytes { self.give($0, address, size) }
        case .int, .uint, .double, .timestamp, .duration:
            let word = attribute.word.littleEndian
            return self.give(count: 8, address, size) { $0.storeBytes(of: word, as: UInt64.self) }
        case .bool:
            let flag: UInt8 = attribute.word == 0 ? 0 : 1
            return self.give(count: 1, address, size) { $0[0] = flag }
        case .null, .structure:
            var bytes: [UInt8] = []
            guard AttributeEncoding.encode(attribute.value, into: &bytes) else { return .serializationFailure }
            return self.give(bytes, address, size)
        }
    }
}
