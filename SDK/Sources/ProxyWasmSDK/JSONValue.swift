/// A JSON document: what plugin configurations are written in.
public indirect enum JSONValue: Equatable, Sendable {
    /// One `"key": value` of an object, in document order.
    public struct Member: Equatable, Sendable {
        public var key: ByteString
        public var value: JSONValue

        public init(key: ByteString, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    case null
    case bool(Bool)
    /// A number as written: nothing is lost by conversion.
    case number(ByteString)
    case string(ByteString)
    case array([JSONValue])
    case object([Member])

    /// Parses a whole document. Depth is limited to 64 levels; duplicate keys are errors.
    public init(parsing text: ByteString) throws(JSONError) {
        var parser = JSONParser(text.bytes)
        self = try parser.document()
    }

    /// The value under `key`, if this is an object that has it.
    public subscript(key: ByteString) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    public var members: [Member]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    public var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    public var string: ByteString? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The value of a whole, non-negative number.
    public var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return text.decimalValue
    }
}

/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, Sendable {
    public var reason: ByteString
    /// In bytes from the start.
    public var offset: Int

    public init(_ reason: ByteString, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// For a log line: "byte 12: a comma or '}' is needed here".
    public var description: ByteString {
        "byte " + ByteString(decimal: self.offset) + ": " + self.reason
    }
}
