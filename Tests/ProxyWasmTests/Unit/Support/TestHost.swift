@testable import ProxyWasm

/// A proxy that only remembers what it was asked.
final class TestHost: PluginHost {
    struct Line: Equatable {
        var level: LogLevel
        var plugin: String?
        var text: String
    }

    struct Call {
        var token: UInt32
        var plugin: UInt32
        var cluster: String
        var headers: [(name: String, value: String)]
        var body: String
        var trailers: [(name: String, value: String)]
        var timeout: UInt32
    }

    var logLevel = LogLevel.debug
    var lines: [Line] = []
    var ticks: [UInt32: UInt32] = [:]
    var calls: [Call] = []
    var cancelled: [UInt32] = []
    var failures = 0
    var callStatus = Status.ok
    var properties: [String: String] = [:]
    var whenFailing: ((PluginVM) -> Void)?
    var grpc: (any GRPCHost)?
    var lookups: [(token: UInt32, plugin: UInt32, name: String)] = []
    var cancelledLookups: [UInt32] = []
    var lookupStatus = Status.ok

    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        self.lines.append(
            Line(level: level, plugin: plugin?.definition.name, text: String(decoding: message, as: UTF8.self)))
    }

    var texts: [String] { self.lines.map(\.text) }

    func currentTimeNanoseconds() -> UInt64 { 0x0102_0304_0506_0708 }
    var monotonic: UInt64 = 99
    func monotonicTimeNanoseconds() -> UInt64 { self.monotonic }

    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {
        target.initializeMemory(as: UInt8.self, repeating: 7)
    }

    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) { self.ticks[plugin.id] = milliseconds }

    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status {
        guard self.callStatus == .ok else { return self.callStatus }
        self.calls.append(
            Call(
                token: token,
                plugin: plugin.id,
                cluster: String(decoding: cluster, as: UTF8.self),
                headers: headers.pairs,
                body: String(decoding: body, as: UTF8.self),
                trailers: trailers.pairs,
                timeout: timeoutMilliseconds
            )
        )
        return .ok
    }

    func cancelHTTPCall(token: UInt32) { self.cancelled.append(token) }

    func startNameLookup(token: UInt32, plugin: PluginContext, name: UnsafeRawBufferPointer) -> Status {
        guard self.lookupStatus == .ok else { return self.lookupStatus }
        self.lookups.append((token, plugin.id, String(decoding: name, as: UTF8.self)))
        return .ok
    }

    func cancelNameLookup(token: UInt32) { self.cancelledLookups.append(token) }

    var foreignFunctions: (any ForeignFunctionProvider)?

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        guard let text = self.properties[String(decoding: path.bytes, as: UTF8.self)] else { return .notFound }
        return attribute.setString(text.utf8)
    }

    func vmDidFail(_ vm: PluginVM) {
        self.failures += 1
        self.whenFailing?(vm)
    }
}

/// A body in an array.
final class TestBody: BodyBuffer {
    var bytes: [UInt8]
    var maximum = Int.max

    init(_ text: String) { self.bytes = Array(text.utf8) }

    var text: String { String(decoding: self.bytes, as: UTF8.self) }
    var count: Int { self.bytes.count }

    func copyBytes(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
        target.copyBytes(from: self.bytes[offset..<offset + target.count])
    }

    func replaceBytes(at offset: Int, count: Int, with bytes: UnsafeRawBufferPointer) -> Bool {
        guard self.bytes.count - count + bytes.count <= self.maximum else { return false }
        self.bytes.replaceSubrange(offset..<offset + count, with: bytes)
        return true
    }
}

/// One stream of a proxy that only remembers what it was asked.
final class TestStream: StreamHost {
    var maps: [MapType: HeaderMap] = [:]
    var bodies: [BufferType: TestBody] = [:]
    var properties: [String: String] = [:]
    /// Operations in the order they came.
    var operations: [String] = []
    var responses: [LocalResponse] = []
    /// Times the route was voided by request, or by a change of the request headers.
    private var voidings: UInt32 = 0
    var routeChanges: UInt32 { self.voidings &+ (self.maps[.requestHeaders]?.changes ?? 0) &- self.initialChanges }
    private var initialChanges: UInt32 = 0
    var whenContinued: ((StreamType) -> Void)?
    var whenAnswered: ((LocalResponse) -> Void)?

    init(request: [(String, String)] = TestStream.request, response: [(String, String)]? = nil) {
        self.maps[.requestHeaders] = Self.map(request)
        self.initialChanges = self.maps[.requestHeaders]?.changes ?? 0
        if let response { self.maps[.responseHeaders] = Self.map(response) }
    }

    static let request = [
        (":method", "GET"), (":scheme", "http"), (":authority", "example.com"), (":path", "/a?b"),
        ("user-agent", "curl"), ("x-a", "1"), ("x-a", "2"), ("x-empty", ""),
    ]

    static func map(_ pairs: [(String, String)]) -> HeaderMap {
        let map = HeaderMap()
        for (name, value) in pairs { map.append(name: name, value: value) }
        return map
    }

    func headerMap(_ type: MapType) -> HeaderMap? { self.maps[type] }

    func makeTrailers(_ type: MapType) -> HeaderMap? {
        let map = HeaderMap()
        self.maps[type] = map
        return map
    }

    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? { self.bodies[type] }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        guard let text = self.properties[String(decoding: path.bytes, as: UTF8.self)] else { return .notFound }
        return attribute.setString(text.utf8)
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        self.properties[String(decoding: path, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        return .ok
    }

    func clearRouteCache() { self.voidings += 1 }

    func continueStream(_ type: StreamType) {
        self.operations.append("continue \(type)")
        self.whenContinued?(type)
    }

    func closeStream() { self.operations.append("close") }

    func sendLocalResponse(_ response: LocalResponse) {
        self.operations.append("respond \(response.statusCode)")
        self.responses.append(response)
        self.whenAnswered?(response)
    }
}
