import ProxyWasm

/// A running VM with its root context. Belongs to its worker.
final class PluginRuntime {
    /// Tells a VM from the one that has replaced it.
    typealias ID = UInt64

    let id: ID
    let vm: PluginVM
    let root: PluginContext
    /// Which the VM does not keep.
    private let host: RuntimeHost

    init(_ plugin: ProxyWasmPlugin, id: ID, worker: PluginWorker) throws(PluginFailure) {
        self.id = id
        self.host = RuntimeHost(plugin, runtime: id, worker: worker)
        self.vm = try PluginVM(
            module: plugin.module, definition: plugin.definition, host: self.host, services: plugin.services)
        self.root = try self.vm.startPlugin(plugin.definition)
    }

    var isHealthy: Bool { self.vm.failure == nil }

    func tick(_ root: UInt32) {
        if self.root.id == root { self.vm.tick(self.root) }
    }

    func callEnded(_ token: UInt32, _ response: HTTPCall.Response?) {
        guard self.host.forgetCall(token) else { return }
        self.vm.httpCallResponse(
            token: token,
            headers: response.map { HeaderMap(status: $0.status, $0.headers) },
            body: response.map { HeldBody($0.body) },
            trailers: nil
        )
    }

    func shutDown() { self.vm.shutDown() }
}

@available(*, unavailable)
extension PluginRuntime: Sendable {}
