/// Where a host puts the answer to a question for an attribute. Used again and again, so that the usual answers
/// allocate nothing.
public struct AttributeBuffer {
    /// What the answer is.
    public enum Kind: Sendable {
        case null, bool, int, uint, double, timestamp, duration
        /// In `bytes`.
        case string, bytes, message
        /// A map, a list or a message with fields.
        case structure
    }

    public private(set) var kind = Kind.null
    /// Of a string, bytes, or a message.
    public private(set) var bytes: [UInt8] = []
    /// Of a number, a flag or a time: its bits.
    public private(set) var word: UInt64 = 0
    private var structure = AttributeValue.null
    /// The caller can do with a whole group of attributes (`request.headers`) as a map. Plugins can't: such a group
    /// is not serializable.
    public var acceptsGroups = false

    public init() {}

    public mutating func reset() {
        self.kind = .null
        self.bytes.removeAll(keepingCapacity: true)
        if case .null = self.structure { return }
        self.structure = .null
    }

    // Each of them answers `.ok`, to be returned at once.

    public mutating func setInt(_ number: Int64) -> Status { self.setWord(.int, UInt64(bitPattern: number)) }
    public mutating func setInt(_ number: Int) -> Status { self.setInt(Int64(number)) }
    /// An unsigned number in an attribute of signed type.
    public mutating func setInt(_ number: UInt64) -> Status { self.setInt(Int64(clamping: number)) }
    public mutating func setUInt(_ number: UInt64) -> Status { self.setWord(.uint, number) }
    public mutating func setBool(_ flag: Bool) -> Status { self.setWord(.bool, flag ? 1 : 0) }
    public mutating func setDouble(_ number: Double) -> Status { self.setWord(.double, number.bitPattern) }
    /// Nanoseconds since the Unix epoch.
    public mutating func setTimestamp(_ nanoseconds: UInt64) -> Status { self.setWord(.timestamp, nanoseconds) }
    /// Nanoseconds.
    public mutating func setDuration(_ nanoseconds: UInt64) -> Status { self.setWord(.duration, nanoseconds) }

    private mutating func setWord(_ kind: Kind, _ word: UInt64) -> Status {
        self.kind = kind
        self.word = word
        return .ok
    }

    public mutating func setString(_ bytes: some Sequence<UInt8>) -> Status {
        self.kind = .string
        self.bytes.append(contentsOf: bytes)
        return .ok
    }

    public mutating func setString(_ text: StaticString) -> Status {
        self.setString(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Nil: there is none.
    public mutating func setString(ifAny bytes: UnsafeRawBufferPointer?) -> Status {
        guard let bytes else { return .notFound }
        return self.setString(bytes)
    }

    /// More of the string that `setString` has begun.
    public mutating func append(_ bytes: some Sequence<UInt8>) { self.bytes.append(contentsOf: bytes) }

    public mutating func setValue(_ value: AttributeValue) -> Status {
        switch value {
        case .null: self.kind = .null
        case .bool(let flag): return self.setBool(flag)
        case .int(let number): return self.setInt(number)
        case .uint(let number): return self.setUInt(number)
        case .double(let number): return self.setDouble(number)
        case .timestamp(let time): return self.setWord(.timestamp, UInt64(bitPattern: time))
        case .duration(let length): return self.setWord(.duration, UInt64(bitPattern: length))
        case .string(let bytes): return self.setString(bytes)
        case .bytes(let bytes):
            self.kind = .bytes
            self.bytes.append(contentsOf: bytes)
        case .message(let message) where message.fields.isEmpty:
            self.kind = .message
            self.bytes.append(contentsOf: message.serialized)
        case .message, .list, .map:
            self.kind = .structure
            self.structure = value
        }
        return .ok
    }

    /// What the segments of a path from `index` on lead to, within `value`.
    public mutating func setValue(_ value: AttributeValue, descending path: PropertyPath, from index: Int) -> Status {
        var value = value
        for segment in index..<max(index, path.count) {
            guard let child = value.child(path.segment(segment)) else { return .notFound }
            value = child
        }
        return self.setValue(value)
    }

    /// The answer as a value of its own.
    public var value: AttributeValue {
        switch self.kind {
        case .null: .null
        case .bool: .bool(self.word != 0)
        case .int: .int(Int64(bitPattern: self.word))
        case .uint: .uint(self.word)
        case .double: .double(Double(bitPattern: self.word))
        case .timestamp: .timestamp(Int64(bitPattern: self.word))
        case .duration: .duration(Int64(bitPattern: self.word))
        case .string: .string(self.bytes)
        case .bytes: .bytes(self.bytes)
        case .message: .message(AttributeMessage(opaque: self.bytes))
        case .structure: self.structure
        }
    }
}
