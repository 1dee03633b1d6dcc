package import CEL
package import ProxyWasm

/// An expression whose names are attributes.
package struct AttributeExpression: Sendable {
    /// Answers an attribute, as `StreamHost.attribute` does.
    package typealias Resolver = (_ path: PropertyPath, _ attribute: inout AttributeBuffer) -> Status

    private let expression: CEL.Expression

    package init(_ text: some Sequence<UInt8>) throws(SyntaxError) {
        self.expression = try CEL.Expression(text)
    }

    package func evaluate(_ resolver: Resolver) -> Result<AttributeValue, EvaluationError> {
        withoutActuallyEscaping(resolver) { resolver in
            do throws(EvaluationError) {
                return .success(AttributeValue(try self.expression.evaluate(AttributeActivation(resolver: resolver))))
            } catch {
                return .failure(error)
            }
        }
    }
}

/// Looks names up among attributes.
private struct AttributeActivation: Activation {
    let resolver: AttributeExpression.Resolver

    func value(of path: [[UInt8]]) -> Value? {
        var attribute = AttributeBuffer()
        attribute.acceptsGroups = true
        guard self.resolver(PropertyPath(segments: path), &attribute) == .ok else { return nil }
        return Value(attribute.value)
    }
}

extension Value {
    /// A message is a map of its fields, or bytes when nobody here knows them.
    init(_ attribute: AttributeValue) {
        switch attribute {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .uint(let number): self = .uint(number)
        case .double(let number): self = .double(number)
        case .string(let bytes): self = .string(bytes)
        case .bytes(let bytes): self = .bytes(bytes)
        case .timestamp(let time): self = .timestamp(Timestamp(nanosecondsSinceEpoch: time))
        case .duration(let length): self = .duration(CEL.Duration(nanoseconds: length))
        case .list(let elements): self = .list(elements.map { Value($0) })
        case .map(let entries): self = .map(MapValue(strings: entries.map { ($0.key, Value($0.value)) }))
        case .message(let message):
            self =
                message.fields.isEmpty
                ? .bytes(message.serialized)
                : .map(MapValue(strings: message.fields.map { (Array($0.name.utf8), Value($0.value)) }))
        }
    }
}

extension AttributeValue {
    /// Types, and times before 1678 or after 2261, have no bytes: null.
    init(_ value: Value) {
        switch value {
        case .null, .type: self = .null
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .uint(let number): self = .uint(number)
        case .double(let number): self = .double(number)
        case .string(let bytes): self = .string(bytes)
        case .bytes(let bytes): self = .bytes(bytes)
        case .timestamp(let time): self = time.nanosecondsSinceEpoch.map { .timestamp($0) } ?? .null
        case .duration(let length): self = .duration(length.nanoseconds)
        case .list(let elements): self = .list(elements.map { AttributeValue($0) })
        case .map(let map):
            self = .map(
                map.entries.map { entry in
                    var key: [UInt8] = []
                    _ = AttributeEncoding.encode(AttributeValue(entry.key), into: &key)
                    return AttributeEntry(key: key, value: AttributeValue(entry.value))
                })
        }
    }
}
