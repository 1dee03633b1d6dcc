import Foundation
import ProxyWasm
import WasmtimeEngine

/// `swift run MinimalHost PLUGIN.wasm [CONFIGURATION]`: shows a plugin one request and prints what it makes of it.
@main
struct MinimalHost {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let path = arguments.first else { return print("usage: MinimalHost PLUGIN.wasm [CONFIGURATION]") }
        let bytes = try Data(contentsOf: URL(filePath: path))
        for line in try self.run(Array(bytes), configuration: arguments.dropFirst().joined()) { print(line) }
    }

    static func run(_ bytes: [UInt8], configuration: String) throws -> [String] {
        // Once per process, and once per module: both may be shared by threads.
        let engine = try WasmtimeEngine()
        let module = try PluginModule(bytes: bytes, engine: engine)
        let services = SharedServices()

        // Once per thread and plugin. The host is not kept by the VM, so it must live longer.
        let host = Host()
        let definition = PluginDefinition(name: "minimal", configuration: Array(configuration.utf8))
        let vm = try PluginVM(module: module, definition: definition, host: host, services: services)
        let plugin = try vm.startPlugin(definition)

        // Once per request: the callbacks in the order of the message, then the end.
        let stream = Stream()
        let context = plugin.makeStream(host: stream)
        let result = context.onRequestHeaders(endOfStream: true)
        switch (stream.answer, result) {
        case (let answer?, _): host.lines.append("answered: \(answer.statusCode)")
        case (nil, .failed): host.lines.append("failed: \(vm.failure?.message ?? "")")
        case (nil, .status(.continue)): host.lines.append("goes on")
        // Until `continueStream`; a server would wait for it.
        case (nil, .status): host.lines.append("paused")
        }
        context.onLog()
        context.finish()

        vm.shutDown()
        // The host is used up to here, whatever the compiler sees of it.
        return withExtendedLifetime((host, stream)) {
            host.lines + stream.requestHeaders.pairs.map { "\($0.name): \($0.value)" }
        }
    }
}

/// What the plugin gets outside streams.
private final class Host: PluginHost {
    var lines: [String] = []

    let logLevel = LogLevel.info
    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        self.lines.append("log \(level): \(String(decoding: message, as: UTF8.self))")
    }

    func currentTimeNanoseconds() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1e9) }
    func monotonicTimeNanoseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {
        for index in target.indices { target[index] = .random(in: 0...255) }
    }

    /// A server would call `plugin.vm.tick(plugin)` that often.
    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) {}

    /// A server would make the call and deliver its response with `plugin.vm.httpCallResponse`.
    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status { .badArgument }
    func cancelHTTPCall(token: UInt32) {}

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status { .notFound }
    func vmDidFail(_ vm: PluginVM) {}
}

/// One request.
private final class Stream: StreamHost {
    let requestHeaders = HeaderMap()
    var answer: LocalResponse?

    init() {
        self.requestHeaders.append(":method", "GET")
        self.requestHeaders.append(":scheme", "http")
        self.requestHeaders.append(":authority", "example.com")
        self.requestHeaders.append(":path", "/hello")
    }

    func headerMap(_ type: MapType) -> HeaderMap? { type == .requestHeaders ? self.requestHeaders : nil }
    func makeTrailers(_ type: MapType) -> HeaderMap? { nil }
    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? { nil }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        guard path.count == 2, path.matches(0, "request"), path.matches(1, "path") else { return .notFound }
        return attribute.setString("/hello".utf8)
    }
    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status { .ok }

    // Called when the callback has returned, so they may call the plugin again.
    func clearRouteCache() {}
    func continueStream(_ type: StreamType) {}
    func closeStream() {}
    func sendLocalResponse(_ response: LocalResponse) { self.answer = response }
}
