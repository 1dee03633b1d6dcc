/// One argument or result slot as engines pass it unchecked: 16 bytes, the value in the low ones.
public struct RawValue: Sendable {
    public var low: UInt64 = 0
    public var high: UInt64 = 0

    @inlinable public init() {}
    @inlinable public init(i32 value: UInt32) { self.low = UInt64(value) }
    @inlinable public init(i64 value: UInt64) { self.low = value }

    @inlinable public var i32: UInt32 {
        get { UInt32(truncatingIfNeeded: self.low) }
        set { self.low = UInt64(newValue) }
    }
    @inlinable public var i64: UInt64 {
        get { self.low }
        set { self.low = newValue }
    }
}

/// Value types the ABI's functions use.
public enum ValueType: UInt8, Sendable, Equatable {
    case i32, i64, f32, f64
    /// Anything else (v128, references): never matches a hostcall's type.
    case other
}

/// The type of an imported or exported function.
public struct FunctionType: Sendable, Equatable {
    public var parameters: [ValueType]
    public var results: [ValueType]

    public init(_ parameters: [ValueType], _ results: [ValueType] = []) {
        self.parameters = parameters
        self.results = results
    }
}
