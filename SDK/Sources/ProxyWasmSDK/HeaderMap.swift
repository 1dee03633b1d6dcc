internal import CProxyWasmShims

/// Which headers or trailers.
public enum HeaderMapType: UInt32, Sendable {
    case requestHeaders = 0
    case requestTrailers = 1
    case responseHeaders = 2
    case responseTrailers = 3
    case callResponseHeaders = 6
    case callResponseTrailers = 7
}

/// A name and a value.
public struct Header: Equatable, Sendable {
    public var name: ByteString
    public var value: ByteString

    public init(_ name: ByteString, _ value: ByteString) {
        self.name = name
        self.value = value
    }
}

/// The headers (or trailers) that the host holds for the current stream. Names compare without regard to ASCII case;
/// `:path`, `:method`, `:authority`, `:scheme` and `:status` are headers like any other.
///
/// Readable and writable while the host still holds them: in the headers callback, and while paused from it.
public struct HeaderMap: Sendable {
    private let type: HeaderMapType

    init(_ type: HeaderMapType) {
        self.type = type
    }

    /// The first value under `name`, nil without one. Setting replaces all values; setting nil removes them.
    ///
    /// A write that the host refuses (too late in the stream) is ignored; use ``replace(_:with:)`` to know.
    public subscript(name: ByteString) -> ByteString? {
        get {
            try? Hostcalls.receive { value, size in
                Hostcalls.lend(name) { proxy_get_header_map_value(self.type.rawValue, $0, $1, value, size) }
            }
        }
        nonmutating set {
            if let newValue {
                try? self.replace(name, with: newValue)
            } else {
                try? self.remove(name)
            }
        }
    }

    /// Adds another value after those that exist.
    public func add(_ name: ByteString, _ value: ByteString) throws(HostError) {
        try Hostcalls.check(
            Hostcalls.lend(name) { key, keySize in
                Hostcalls.lend(value) { proxy_add_header_map_value(self.type.rawValue, key, keySize, $0, $1) }
            }
        )
    }

    /// Leaves exactly this one value under `name`.
    public func replace(_ name: ByteString, with value: ByteString) throws(HostError) {
        try Hostcalls.check(
            Hostcalls.lend(name) { key, keySize in
                Hostcalls.lend(value) { proxy_replace_header_map_value(self.type.rawValue, key, keySize, $0, $1) }
            }
        )
    }

    /// Removes every value under `name`.
    public func remove(_ name: ByteString) throws(HostError) {
        try Hostcalls.check(
            Hostcalls.lend(name) { proxy_remove_header_map_value(self.type.rawValue, $0, $1) }
        )
    }

    /// All of them, in order, duplicates included.
    public func all() throws(HostError) -> [Header] {
        let data = try Hostcalls.receive { proxy_get_header_map_pairs(self.type.rawValue, $0, $1) }
        guard let headers = Pairs.decode(data.bytes) else { throw .serializationFailure }
        return headers
    }
}
