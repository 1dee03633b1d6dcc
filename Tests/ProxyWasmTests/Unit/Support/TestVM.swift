import Synchronization
import Testing

@testable import ProxyWasm

/// Hosts must outlive what they serve. Tests make them on the fly, so they are kept to the end.
/// Sendable is safe: the lock guards the one field.
final class KeptHosts: @unchecked Sendable {
    static let shared = KeptHosts()
    private let lock = Mutex(())
    private var objects: [AnyObject] = []

    func keep(_ object: AnyObject) { self.lock.withLock { _ in self.objects.append(object) } }
}

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
        KeptHosts.shared.keep(host)
        let module = try PluginModule(bytes: Self.wasm, engine: ScriptedEngine(script))
        self.vm = try PluginVM(module: module, definition: definition, host: host, services: services)
        for index in 0..<plugins {
            // The same definition twice would be the same plugin.
            var definition = definition
            definition.configuration += [UInt8](repeating: UInt8(ascii: " "), count: index)
            self.plugins.append(try self.vm.startPlugin(definition))
        }
    }

    var plugin: PluginContext { self.plugins[0] }

    var guest: ScriptedInstance {
        guard let guest = self.vm.instance as? ScriptedInstance else { preconditionFailure("not a scripted guest") }
        return guest
    }

    func stream(_ host: TestStream = TestStream()) -> StreamContext {
        KeptHosts.shared.keep(host)
        return self.plugin.makeStream(host: host)
    }
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
