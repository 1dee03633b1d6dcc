import NIOCore
import ProxyWasm
import WasmtimeEngine

@testable import Gateway

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What the benchmarks work on: a browser-like request, tables, and the benchmark's own plugin.
enum Samples {
    static let requestHead = Array(
        """
        GET /shop/items?page=2 HTTP/1.1\r
        Host: host-0.example.com\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36\r
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r
        Accept-Encoding: gzip, deflate, br\r
        Accept-Language: en-US,en;q=0.9\r
        Cookie: session=0123456789abcdef; theme=dark\r
        Referer: https://host-0.example.com/shop\r
        \r

        """.utf8
    )

    static func fill(_ map: HeaderMap, authority: String = "host-0.example.com") {
        map.append(":method", "GET")
        map.append(name: ":authority", value: authority)
        map.append(":path", "/shop/items?page=2")
        map.append(":scheme", "http")
        map.append("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")
        map.append("accept", "text/html,application/xhtml+xml")
        map.append("accept-encoding", "gzip, deflate, br")
        map.append("accept-language", "en-US,en;q=0.9")
        map.append("cookie", "session=0123456789abcdef; theme=dark")
        map.append("x-forwarded-for", "192.0.2.1")
        map.append("x-forwarded-proto", "http")
        map.append("x-request-id", "0123456789abcdef0123456789abcdef")
    }

    static func routeTable(hosts: Int) -> RouteTable? {
        let destination = ForwardAction.Destination(cluster: "outbound|80||a", weight: 1)
        return try? RouteTable(
            (0..<hosts).map { host in
                VirtualHostConfiguration(
                    name: "host-\(host)",
                    domains: ["host-\(host).example.com"],
                    routes: ["/a/", "/b/", "/c/", "/shop/", "/"].map { prefix in
                        RouteConfiguration(
                            name: prefix,
                            match: RouteMatchConfiguration(path: .prefix(prefix)),
                            action: .forward(ForwardAction(destinations: [destination]))
                        )
                    }
                )
            }
        )
    }

    /// The plugin of `make bench`, from the folder that `scripts/build-plugins` writes to.
    static func module() -> PluginModule? {
        // …/Benchmarks/micro/Benchmarks/Micro/Samples.swift
        let root = #filePath.split(separator: "/").dropLast(5).joined(separator: "/")
        guard let bytes = read("/\(root)/.build/plugins/bench.wasm"),
            let engine = try? WasmtimeEngine(libraryPath: "/\(root)/.build/wasmtime/libwasmtime.so")
        else { return nil }
        return try? PluginModule(bytes: bytes, engine: engine)
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return count > 0 ? Array(bytes[0..<count]) : nil
    }

    static func instance(_ module: PluginModule) -> PluginVM? {
        let host = QuietHost()
        let definition = PluginDefinition(name: "bench")
        return withExtendedLifetime(host) {
            let vm = try? PluginVM(module: module, definition: definition, host: host, services: services)
            _ = try? vm?.startPlugin(definition)
            return vm
        }
    }

    static let services = SharedServices()

    static func chain(_ count: Int) -> Chain? {
        guard let module = module() else { return nil }
        let chain = Chain()
        for _ in 0..<count { if !chain.add(module) { return nil } }
        return chain
    }
}

/// Plugins on VMs of their own, and the stream that goes through them.
final class Chain {
    private var vms: [PluginVM] = []
    private var plugins: [PluginContext] = []
    private var contexts: [StreamContext] = []
    private let host = QuietHost()
    private let stream = SampleStream()

    func add(_ module: PluginModule) -> Bool {
        let definition = PluginDefinition(name: "bench")
        guard
            let vm = try? PluginVM(module: module, definition: definition, host: host, services: Samples.services),
            let plugin = try? vm.startPlugin(definition)
        else { return false }
        self.vms.append(vm)
        self.plugins.append(plugin)
        self.contexts.append(StreamContext())
        return true
    }

    func run() {
        let request = self.stream.request
        let response = self.stream.response
        request.removeAll()
        response.removeAll()
        Samples.fill(request)
        response.append(":status", "200")
        for index in self.plugins.indices {
            self.plugins[index].begin(
                self.contexts[index], host: self.stream, requestHeaders: request, responseHeaders: response)
            _ = self.contexts[index].onRequestHeaders(endOfStream: true)
        }
        for index in self.plugins.indices.reversed() { _ = self.contexts[index].onResponseHeaders(endOfStream: true) }
        for context in self.contexts { context.onLog() }
        for context in self.contexts { context.finish() }
    }
}

final class SampleStream: StreamHost {
    let request = HeaderMap()
    let response = HeaderMap()

    func headerMap(_ type: MapType) -> HeaderMap? {
        switch type {
        case .requestHeaders: self.request
        case .responseHeaders: self.response
        default: nil
        }
    }
    func makeTrailers(_ type: MapType) -> HeaderMap? { nil }
    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? { nil }
    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status { .notFound }
    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status { .ok }
    func clearRouteCache() {}
    func continueStream(_ type: StreamType) {}
    func closeStream() {}
    func sendLocalResponse(_ response: LocalResponse) {}
}

final class QuietHost: PluginHost {
    var logLevel: LogLevel { .error }
    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {}
    func currentTimeNanoseconds() -> UInt64 { 0 }
    func monotonicTimeNanoseconds() -> UInt64 { 0 }
    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {}
    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) {}
    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status { .internalFailure }
    func cancelHTTPCall(token: UInt32) {}
    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status { .notFound }
    func vmDidFail(_ vm: PluginVM) {}
}
