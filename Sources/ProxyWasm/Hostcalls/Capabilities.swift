/// What a plugin may do at all (`PluginDefinition.allowedCapabilities`). Decided when the module is linked and its
/// callbacks are looked up, so that it costs nothing later.
enum Capabilities {
    /// The function itself, or a refusal of the same type: INTERNAL_FAILURE for the ABI's, ENOTCAPABLE for WASI's.
    static func restrict(_ function: HostFunction, _ allowed: [String]) -> HostFunction {
        let isWASI = HostcallTable.wasiModules.contains(function.module)
        // The rest is what compilers' runtimes need.
        let isOfABI = function.name.hasPrefix("proxy_") || function.name.hasPrefix("envoy_")
        guard isWASI || isOfABI, !allowed.contains(function.name) else { return function }
        let answer = isWASI ? WASI.Errno.notCapable.rawValue : Status.internalFailure.rawValue
        let hasResult = !function.type.results.isEmpty
        let name = function.name
        var refusal = function
        refusal.body = { host, values in
            let vm = unsafeDowncast(host, to: PluginVM.self)
            vm.log(.error, vm.currentPlugin, "\(name) is not among the plugin's allowed capabilities")
            if hasResult { values[0].i32 = answer }
            return .returned
        }
        return refusal
    }

    /// Whether a callback of that name is called where the module exports it.
    static func allow(callback name: String, _ allowed: [String]) -> Bool {
        allowed.isEmpty || !name.hasPrefix("proxy_on_") || name == "proxy_on_memory_allocate" || allowed.contains(name)
    }
}
