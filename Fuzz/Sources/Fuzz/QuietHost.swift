import ProxyWasm

/// Takes everything a plugin may ask for outside streams and does nothing.
final class QuietHost: PluginHost {
    private(set) var calls: [UInt32] = []
    private var lookups: [(token: UInt32, name: [UInt8])] = []

    let logLevel = LogLevel.trace
    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        // Reads every byte: an address outside memory shows.
        expect(message.reduce(0) { $0 &+ Int($1) } >= 0, "a sum of bytes")
    }
    func currentTimeNanoseconds() -> UInt64 { 1 }
    func monotonicTimeNanoseconds() -> UInt64 { 1 }
    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {
        for index in target.indices { target[index] = 7 }
    }
    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) {}
    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status {
        self.calls.append(token)
        return .ok
    }
    func cancelHTTPCall(token: UInt32) { self.calls.removeAll { $0 == token } }
    func startNameLookup(token: UInt32, plugin: PluginContext, name: UnsafeRawBufferPointer) -> Status {
        expect(name.count <= 256 && !name.contains(0), "a name is short, and ends at a NUL")
        self.lookups.append((token, Array(name)))
        return .ok
    }
    func cancelNameLookup(token: UInt32) { self.lookups.removeAll { $0.token == token } }
    func takeLookup() -> (token: UInt32, name: [UInt8])? { self.lookups.popLast() }
    func takeCall() -> UInt32? { self.calls.popLast() }
    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status { .notFound }
    func vmDidFail(_ vm: PluginVM) {
        self.calls = []
        self.lookups = []
    }
}

/// A stream with everything in it.
final class FullStream: StreamHost {
    private let maps: [HeaderMap]
    private let bodies = [Body("request body"), Body("response body")]
    private var properties: [[UInt8]: [UInt8]] = [:]
    private(set) var isAnswered = false

    init() {
        self.maps = (0..<4).map { type in
            let map = HeaderMap()
            if type == 0 {
                map.append(":method", "GET")
                map.append(":path", "/")
                map.append(":authority", "example.com")
            }
            if type == 2 { map.append(":status", "200") }
            map.append("a", "b")
            return map
        }
    }

    func headerMap(_ type: MapType) -> HeaderMap? {
        self.maps.indices.contains(Int(type.rawValue)) ? self.maps[Int(type.rawValue)] : nil
    }
    func makeTrailers(_ type: MapType) -> HeaderMap? { self.headerMap(type) }
    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? {
        type.rawValue < 2 ? self.bodies[Int(type.rawValue)] : nil
    }
    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        guard let stored = self.properties[path.bytes] else { return .notFound }
        return attribute.setValue(.bytes(stored))
    }
    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        self.properties[path] = value
        return .ok
    }
    func clearRouteCache() {}
    func continueStream(_ type: StreamType) {}
    func closeStream() {}
    func sendLocalResponse(_ response: LocalResponse) { self.isAnswered = true }

    final class Body: BodyBuffer {
        private var bytes: [UInt8]
        init(_ text: String) { self.bytes = Array(text.utf8) }
        var count: Int { self.bytes.count }
        func copyBytes(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
            target.copyBytes(from: self.bytes[offset..<(offset + target.count)])
        }
        func replaceBytes(at offset: Int, count: Int, with bytes: UnsafeRawBufferPointer) -> Bool {
            self.bytes.replaceSubrange(offset..<(offset + count), with: bytes)
            return true
        }
    }
}
