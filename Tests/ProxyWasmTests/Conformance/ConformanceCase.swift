import ProxyWasm
import TestSupport
import Testing
import WasmtimeEngine

/// One rule: a snippet in one callback of an otherwise ordinary life, and what must be seen.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// The rule's id and text.
    var rule: String
    var callback: WatGuest.Callback
    var snippet: String
    /// The whole transcript.
    var expected: [String]
    var version = "0_2_1"
    var fields = ""
    var allocator: String?
    var definition = ConformanceCase.definition

    static let definition = PluginDefinition(
        name: "default.test",
        rootID: "root",
        vmID: "vm",
        vmConfiguration: Array("vm-config".utf8),
        configuration: Array("plugin-config".utf8)
    )

    init(
        _ rule: String,
        in callback: WatGuest.Callback = .requestHeaders,
        _ snippet: String,
        version: String = "0_2_1",
        fields: String = "",
        allocator: String? = nil,
        definition: PluginDefinition = ConformanceCase.definition,
        sees expected: [String]
    ) {
        self.rule = rule
        self.callback = callback
        self.snippet = snippet
        self.expected = expected
        self.version = version
        self.fields = fields
        self.allocator = allocator
        self.definition = definition
    }

    var testDescription: String { self.rule }

    func run() throws {
        var guest = WatGuest(version: self.version, callbacks: [self.callback: self.snippet], fields: self.fields)
        if let allocator = self.allocator { guest.allocator = allocator }
        let life = Life()
        try life.run(guest, self.definition)
        #expect(life.transcript.lines == self.expected, "\(self.rule)")
    }
}

/// An ordinary life of a plugin and one stream; anything but "continue" is noted.
final class Life {
    let transcript = Transcript()
    lazy var host = RecordingHost(self.transcript)
    let services: SharedServices
    private(set) var vm: PluginVM?

    init(services: SharedServices = SharedServices()) { self.services = services }

    func start(
        _ guest: WatGuest,
        _ definition: PluginDefinition = ConformanceCase.definition
    ) throws -> PluginContext {
        let module = try PluginModule(bytes: guest.wasm(), engine: ConformanceEngine.shared())
        let vm = try PluginVM(module: module, definition: definition, host: self.host, services: self.services)
        self.vm = vm
        return try vm.startPlugin(definition)
    }

    func run(_ guest: WatGuest, _ definition: PluginDefinition = ConformanceCase.definition) throws {
        let plugin: PluginContext
        do {
            plugin = try self.start(guest, definition)
        } catch let failure as PluginFailure {
            self.transcript.add("not started: \(failure.kind.rawValue)")
            return
        }
        let host = RecordingStream(self.transcript)
        let stream = plugin.makeStream(host: host)
        self.note("request headers", stream.onRequestHeaders(endOfStream: false), .continue)
        host.bodies[.httpRequestBody] = RecordingBody("hello")
        let hasTrailers = guest.callbacks[.requestTrailers] != nil
        self.note("request body", stream.onRequestBody(size: 5, endOfStream: !hasTrailers), .continue)
        if hasTrailers {
            host.maps[.requestTrailers] = RecordingStream.map([("a", "1"), ("b", "22")])
            self.note("request trailers", stream.onRequestTrailers(), .continue)
        }
        plugin.vm.tick(plugin)
        host.maps[.responseHeaders] = RecordingStream.map(RecordingStream.response)
        self.note("response headers", stream.onResponseHeaders(endOfStream: false), .continue)
        host.bodies[.httpResponseBody] = RecordingBody("world")
        let endsWithTrailers = guest.callbacks[.responseTrailers] != nil
        self.note("response body", stream.onResponseBody(size: 5, endOfStream: !endsWithTrailers), .continue)
        if endsWithTrailers {
            host.maps[.responseTrailers] = RecordingStream.map([("t", "1")])
            self.note("response trailers", stream.onResponseTrailers(), .continue)
        }
        stream.onLog()
        stream.finish()
        plugin.vm.shutDown()
        withExtendedLifetime(host) {}
    }

    private func note<S: Equatable>(_ place: String, _ result: CallbackResult<S>, _ ordinary: S) {
        switch result {
        case .status(let status): if status != ordinary { self.transcript.add("\(place): \(status)") }
        case .failed: self.transcript.add("\(place): failed")
        }
    }
}
