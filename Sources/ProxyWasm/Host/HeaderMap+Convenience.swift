// Names known at compile time, and Strings for tests and control-plane code.
// A `StaticString` is bytes in the binary: no String is built on the request path.

extension HeaderMap {
    @inlinable public func firstIndex(of name: StaticString) -> Int? {
        self.firstIndex(of: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// The first value of that name.
    @inlinable public func first(_ name: StaticString) -> UnsafeRawBufferPointer? {
        guard let index = self.firstIndex(of: name) else { return nil }
        return self.value(at: index)
    }

    @inlinable @discardableResult
    public func append(_ name: StaticString, _ value: UnsafeRawBufferPointer) -> Bool {
        self.append(name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value: value)
    }

    @inlinable @discardableResult
    public func append(_ name: StaticString, _ value: StaticString) -> Bool {
        self.append(name, UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    @inlinable @discardableResult
    public func set(_ name: StaticString, _ value: UnsafeRawBufferPointer) -> Bool {
        self.set(name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value: value)
    }

    @inlinable @discardableResult
    public func set(_ name: StaticString, _ value: StaticString) -> Bool {
        self.set(name, UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    @inlinable @discardableResult
    public func remove(_ name: StaticString) -> Bool {
        self.remove(name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// Sets a decimal number without building a String.
    @discardableResult
    public func setDecimal(_ name: StaticString, _ value: Int) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { scratch in
            var rest = UInt64(max(0, value))
            var start = scratch.count
            repeat {
                start -= 1
                scratch[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            return self.set(name, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[start...]))
        }
    }

    // MARK: Strings (tests, control plane)

    @discardableResult
    public func append(name: String, value: String) -> Bool {
        var name = name
        var value = value
        return name.withUTF8 { name in
            value.withUTF8 { value in
                self.append(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value))
            }
        }
    }

    @discardableResult
    public func set(name: String, value: String) -> Bool {
        var name = name
        var value = value
        return name.withUTF8 { name in
            value.withUTF8 { value in
                self.set(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value))
            }
        }
    }

    @discardableResult
    public func remove(name: String) -> Bool {
        var name = name
        return name.withUTF8 { self.remove(name: UnsafeRawBufferPointer($0)) }
    }

    public subscript(name: String) -> String? {
        var name = name
        return name.withUTF8 { bytes in
            self.firstIndex(of: UnsafeRawBufferPointer(bytes)).map {
                String(decoding: self.value(at: $0), as: UTF8.self)
            }
        }
    }

    /// All pairs, as Strings.
    public var pairs: [(name: String, value: String)] {
        (0..<self.count).map {
            (String(decoding: self.name(at: $0), as: UTF8.self), String(decoding: self.value(at: $0), as: UTF8.self))
        }
    }
}
