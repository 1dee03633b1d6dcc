/// A map: entries in the order they were given, found by key. `1`, `1u` and `1.0` are the same key.
package struct MapValue: Sendable, Equatable {
    package private(set) var entries: [Entry] = []
    private var index: [Key: Int] = [:]

    package struct Entry: Sendable, Equatable {
        package var key: Value
        package var value: Value
    }

    /// A key without the differences of number types.
    private enum Key: Hashable, Sendable {
        case bool(Bool)
        case int(Int64)
        case uint(UInt64)
        case string([UInt8])

        init?(_ value: Value) {
            switch value {
            case .bool(let flag): self = .bool(flag)
            case .int(let number): self = .int(number)
            case .uint(let number): self = Int64(exactly: number).map { .int($0) } ?? .uint(number)
            case .double(let number):
                if let whole = Int64(exactly: number) {
                    self = .int(whole)
                } else if let whole = UInt64(exactly: number) {
                    self = .uint(whole)
                } else {
                    return nil
                }
            case .string(let text): self = .string(text)
            default: return nil
            }
        }
    }

    package init() {}

    /// A map with string keys; of equal ones the first stays.
    package init(strings pairs: [([UInt8], Value)]) {
        for (key, value) in pairs { self.insert(.string(key), value) }
    }

    package var count: Int { self.entries.count }

    /// False, and no change, when the key is there or of a type that is none for keys.
    @discardableResult
    mutating func insert(_ key: Value, _ value: Value) -> Bool {
        guard let normal = Key(key), self.index[normal] == nil else { return false }
        self.index[normal] = self.entries.count
        self.entries.append(Entry(key: key, value: value))
        return true
    }

    /// Whether a value can be a key of a map literal.
    static func isKey(_ value: Value) -> Bool {
        switch value {
        case .bool, .int, .uint, .string: true
        default: false
        }
    }

    package subscript(_ key: Value) -> Value? {
        guard let normal = Key(key), let position = self.index[normal] else { return nil }
        return self.entries[position].value
    }

    package subscript(string key: [UInt8]) -> Value? { self.index[.string(key)].map { self.entries[$0].value } }

    package static func == (left: MapValue, right: MapValue) -> Bool { left.entries == right.entries }
}
