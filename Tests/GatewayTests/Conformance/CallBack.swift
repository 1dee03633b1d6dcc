import ForeignFunctions
import NIOCore
import NIOPosix
import ProxyWasm

/// A foreign function as a proxy of its own could have one: calls the plugin's `proxy_on_foreign_function` with the
/// argument for data. The functions of the gateway do not call back, and neither do Envoy's.
enum CallBack {
    static let name = "call_back"
    /// What the plugin is told.
    static let number: UInt32 = 7

    /// Envoy's functions, and this one.
    static let functions: ForeignFunctionRegistry = {
        var functions = ForeignFunctionRegistry.envoy
        functions[Self.name] = { argument, caller, _ in
            guard let plugin = caller.plugin, let worker = MultiThreadedEventLoopGroup.currentEventLoop else {
                return .internalFailure
            }
            let data = Array(argument)
            // Later: the guest is on the stack now.
            worker.assumeIsolated().execute { plugin.onForeignFunction(Self.number, data: data) }
            return .ok
        }
        return functions
    }()
}
