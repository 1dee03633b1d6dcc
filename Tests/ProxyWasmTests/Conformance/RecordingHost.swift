import ProxyWasm

/// What happened, in order: the guest's lines and what it asked of the host.
final class Transcript {
    var lines: [String] = []
    func add(_ line: String) { self.lines.append(line) }
}

/// A host that carries nothing out and remembers everything.
final class RecordingHost: PluginHost {
    let transcript: Transcript
    var logLevel = LogLevel.info
    var failures = 0
    /// Lines of no plugin, but of the VM.
    var linesOfVM: [String] = []
    /// Ids of roots that have ended.
    var ended: [UInt32] = []
    /// Of the latest HTTP call.
    var token: UInt32 = 0

    init(_ transcript: Transcript) { self.transcript = transcript }

    /// Lines of level info stand alone, others after their level.
    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        let text = String(decoding: message, as: UTF8.self)
        self.transcript.add(level == .info ? text : "\(level): \(text)")
        if plugin == nil { self.linesOfVM.append(text) }
    }

    func currentTimeNanoseconds() -> UInt64 { 1_700_000_000_123_456_789 }
    func monotonicTimeNanoseconds() -> UInt64 { 1000 }

    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {
        for index in 0..<target.count { target[index] = UInt8(truncatingIfNeeded: index) }
    }

    /// The end of ticks is part of every ordinary end; only periods are noted.
    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) {
        if milliseconds > 0 { self.transcript.add("host: tick \(milliseconds) for \(plugin.id)") }
    }

    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status {
        self.token = token
        self.transcript.add("host: call to \(String(decoding: cluster, as: UTF8.self))")
        return .ok
    }

    func pluginDidEnd(_ plugin: PluginContext) { self.ended.append(plugin.id) }

    func cancelHTTPCall(token: UInt32) { self.transcript.add("host: cancel call") }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status { .notFound }

    func vmDidFail(_ vm: PluginVM) {
        self.failures += 1
        self.transcript.add("host: failed \(vm.failure?.kind.rawValue ?? "without a reason")")
    }
}

final class RecordingBody: BodyBuffer {
    var bytes: [UInt8]

    init(_ text: String) { self.bytes = Array(text.utf8) }

    var text: String { String(decoding: self.bytes, as: UTF8.self) }
    var count: Int { self.bytes.count }

    func copyBytes(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
        target.copyBytes(from: self.bytes[offset..<offset + target.count])
    }

    func replaceBytes(at offset: Int, count: Int, with bytes: UnsafeRawBufferPointer) -> Bool {
        self.bytes.replaceSubrange(offset..<offset + count, with: bytes)
        return true
    }
}

/// One stream: request with a body, response with a body, trailers on demand.
final class RecordingStream: StreamHost {
    let transcript: Transcript
    var maps: [MapType: HeaderMap] = [:]
    var bodies: [BufferType: RecordingBody] = [:]

    static let request = [
        (":method", "GET"), (":scheme", "http"), (":authority", "example.com"), (":path", "/a?b"),
        ("user-agent", "curl"), ("x-two", "1"), ("x-two", "2"), ("x-empty", ""),
    ]
    static let response = [(":status", "200"), ("content-type", "text/plain"), ("x-b", "9")]

    init(_ transcript: Transcript) {
        self.transcript = transcript
        self.maps[.requestHeaders] = Self.map(Self.request)
    }

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
        guard path.count == 2, path.matches(0, "request"), path.matches(1, "path") else { return .notFound }
        return attribute.setString("/a?b")
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status { .ok }
    func clearRouteCache() {}
    func continueStream(_ type: StreamType) { self.transcript.add("host: continue \(type)") }
    func closeStream() { self.transcript.add("host: close") }

    func sendLocalResponse(_ response: LocalResponse) {
        let body = String(decoding: response.body, as: UTF8.self)
        let headers = response.headers.map { name, value in
            " \(String(decoding: name, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))"
        }
        self.transcript.add("host: answer \(response.statusCode) \(body)\(headers.joined())")
    }
}
