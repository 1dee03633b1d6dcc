// PORT 2: what ProxyWasm asks of a proxy. `Gateway` fills it; a test or another server may, too.

/// Bytes of a message body as a plugin may see and change them. The host owns the storage.
public protocol BodyBuffer: AnyObject {
    /// Bytes there now.
    var count: Int { get }
    /// Copies `[offset, offset + target.count)`; the caller has checked the range.
    func copyBytes(at offset: Int, into target: UnsafeMutableRawBufferPointer)
    /// Replaces `count` bytes at `offset` by `bytes`; the caller has clamped the range. False when the
    /// buffer may not grow to that size.
    func replaceBytes(at offset: Int, count: Int, with bytes: UnsafeRawBufferPointer) -> Bool
}

/// A response a plugin sends instead of the upstream's (`proxy_send_local_response`).
public struct LocalResponse: Sendable {
    public var statusCode: UInt32
    /// For the access log and `response.code_details`; never on the wire.
    public var details: [UInt8]
    public var body: [UInt8]
    /// Extra headers in order, duplicates kept, pseudo-headers already dropped.
    public var headers: [(name: [UInt8], value: [UInt8])]
    /// 0…16, or nil when the plugin gave none.
    public var grpcStatus: UInt32?

    public init(
        statusCode: UInt32,
        details: [UInt8] = [],
        body: [UInt8] = [],
        headers: [(name: [UInt8], value: [UInt8])] = [],
        grpcStatus: UInt32? = nil
    ) {
        self.statusCode = statusCode
        self.details = details
        self.body = body
        self.headers = headers
        self.grpcStatus = grpcStatus
    }
}

/// One HTTP stream as the proxy sees it, from the place of one filter in the chain.
///
/// Who decides what: the *availability* of maps and buffers by phase (ABI section 2.5) is decided by
/// `StreamContext`; the host just hands out what exists. Called on the worker's thread only. The
/// operations below are called by the VM *after* the outermost guest callback has returned, never while
/// the guest is on the stack, so the host may call back into the plugin at once.
public protocol StreamHost: AnyObject {
    /// The stream's map of that type (0…3), nil when that message or part does not exist (yet).
    func headerMap(_ type: MapType) -> HeaderMap?
    /// Creates empty trailers (map 1 or 3) for a message that has none, at its end of stream.
    func makeTrailers(_ type: MapType) -> HeaderMap?
    /// The body this filter holds or is being shown (buffer 0…1), nil when none.
    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)?
    /// Puts the value of an attribute (path split at NUL, section 2.10) into `attribute`.
    /// `.ok`, `.notFound` or `.serializationFailure`. `plugin_*` attributes never get here.
    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status
    /// Stores a property of this stream; `.ok` or `.badArgument` (full, or there and read-only).
    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status
    /// Stores an object of the proxy's own in the filter state (`set_envoy_filter_state`). The default knows none:
    /// `.notFound`.
    func setFilterState(_ name: [UInt8], _ value: [UInt8], span: PropertyDeclaration.Span) -> Status
    /// A cached route is void. (A plugin's change of the request headers voids it, too: `HeaderMap.changes` tells.)
    func clearRouteCache()
    /// Resume a paused direction. Nothing paused: no effect.
    func continueStream(_ type: StreamType)
    /// Reset the whole stream (`proxy_close_stream`).
    func closeStream()
    /// Answer the client. No effect once response headers have left.
    func sendLocalResponse(_ response: LocalResponse)
}

extension StreamHost {
    public func setFilterState(_ name: [UInt8], _ value: [UInt8], span: PropertyDeclaration.Span) -> Status {
        .notFound
    }
}

/// A property's path: segments of bytes. A trailing NUL (C++ SDK) is already stripped.
public struct PropertyPath: Sendable {
    public let bytes: [UInt8]
    /// End offsets of the segments.
    public let segments: [Range<Int>]

    public init(_ bytes: [UInt8]) {
        var bytes = bytes
        if bytes.last == 0 { bytes.removeLast() }
        var segments: [Range<Int>] = []
        var start = 0
        for index in bytes.indices where bytes[index] == 0 {
            segments.append(start..<index)
            start = index + 1
        }
        if !bytes.isEmpty { segments.append(start..<bytes.count) }
        self.bytes = bytes
        self.segments = segments
    }

    /// Segments as they are, empty ones and such with a NUL, too.
    public init(segments parts: [[UInt8]]) {
        var bytes: [UInt8] = []
        var segments: [Range<Int>] = []
        for part in parts {
            if !segments.isEmpty { bytes.append(0) }
            segments.append(bytes.count..<bytes.count + part.count)
            bytes.append(contentsOf: part)
        }
        self.bytes = bytes
        self.segments = segments
    }

    public var count: Int { self.segments.count }

    public func segment(_ index: Int) -> ArraySlice<UInt8> { self.bytes[self.segments[index]] }

    /// Whether segment `index` is that text.
    public func matches(_ index: Int, _ text: StaticString) -> Bool {
        guard index < self.segments.count, self.segments[index].count == text.utf8CodeUnitCount else { return false }
        return self.segment(index).elementsEqual(
            UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
