import Testing

@testable import ProxyWasm

/// A scripted guest on a VM with one plugin, ready for streams.
final class TestVM {
    let host: TestHost
    let services: SharedServices
    let vm: PluginVM
    private(set) var plugins: [PluginContext] = []

    static let wasm: [UInt8] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]

    static func definition(_ name: String = "ns.plugin") -> PluginDefinition {
        PluginDefinition(
            name: name,
            rootID: "root",
            vmID: "vm",
            vmConfiguration: Array("vm-config".utf8),
            configuration: Array("plugin-config".utf8)
        )
    }

    init(
        _ script: GuestScript,
        _ definition: PluginDefinition = TestVM.definition(),
        plugins: Int = 1,
        host: TestHost = TestHost(),
        services: SharedServices = SharedServices()
    ) throws {
        self.host = host
        self.services = services
        let module = try PluginModule(bytes: Self.wasm, engine: ScriptedEngine(script))
        self.vm = try PluginVM(module: module, definition: definition, host: host, services: services)
        for _ in 0..<plugins { self.plugins.append(try self.vm.startPlugin(definition)) }
    }

    var plugin: PluginContext { self.plugins[0] }
    var guest: ScriptedInstance { self.vm.instance as! ScriptedInstance }

    func stream(_ host: TestStream = TestStream()) -> StreamContext { self.plugin.makeStream(host: host) }
}

/// Runs `body` as the guest's request headers callback and answers what it made of it.
func inRequestHeaders<T>(
    _ stream: TestStream = TestStream(),
    version: ABIVersion = .v0_2_1,
    script: GuestScript? = nil,
    _ body: @escaping (ScriptedInstance) throws -> T
) throws -> T {
    var script = script ?? GuestScript(version)
    var result: Result<T, any Error>?
    script.on("proxy_on_request_headers", version) { guest, _ in
        result = Result { try body(guest) }
        return 0
    }
    let test = try TestVM(script)
    let context = test.stream(stream)
    _ = context.onRequestHeaders(endOfStream: true)
    context.finish()
    return try #require(result).get()
}
