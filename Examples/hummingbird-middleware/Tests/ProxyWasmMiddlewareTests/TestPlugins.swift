import Foundation
import Hummingbird
import InMemoryLogging
import Logging
import ProxyWasm
import WasmtimeEngine

@testable import ProxyWasmMiddleware

/// The engine and the test plugins of the repository: `make setup` and `scripts/build-plugins` put them there.
enum TestPlugins {
    private static let root = URL(filePath: #filePath).appending(path: "../../../../..").standardized
    private static let made = Result {
        try WasmtimeEngine(
            libraryPath: ProcessInfo.processInfo.environment["MIZZEN_WASMTIME"]
                ?? root.appending(path: ".build/wasmtime/libwasmtime.so").path
        )
    }

    static func engine() throws -> WasmtimeEngine { try self.made.get() }

    /// The bytes of `Tests/Plugins/NAME.c`, compiled.
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder =
            ProcessInfo.processInfo.environment["MIZZEN_PLUGINS"] ?? root.appending(path: ".build/plugins").path
        return Array(try Data(contentsOf: URL(filePath: folder).appending(path: "\(name).wasm")))
    }

    static func plugin(
        _ name: String, _ configuration: String = "",
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) throws -> ProxyWasmPlugin {
        ProxyWasmPlugin(
            module: try PluginModule(bytes: try self.bytes(name), engine: try self.engine()),
            definition: PluginDefinition(name: name, configuration: Array(configuration.utf8)),
            services: SharedServices(),
            logger: logger
        )
    }

    /// The routes of the example's server behind a plugin.
    static func application(
        _ plugin: ProxyWasmPlugin, workers: Int = 1
    ) async throws -> (Application<RouterResponder<BasicRequestContext>>, ProxyWasmMiddleware<BasicRequestContext>) {
        let middleware = try await ProxyWasmMiddleware<BasicRequestContext>(plugin, workers: workers)
        let router = Router()
        router.add(middleware: middleware)
        router.get("hello") { _, _ in "hello" }
        router.get("headers") { request, _ in
            request.headers.map { "\($0.name): \($0.value)\n" }.joined()
        }
        router.post("echo") { request, _ in
            Response(status: .ok, body: ResponseBody(asyncSequence: request.body))
        }
        for path in ["deny", "deny-empty", "deny-response", "trap", "loop"] {
            router.get(RouterPath(path)) { _, _ in "not denied" }
        }
        router.post("deny-body") { request, _ in "not denied" }
        return (Application(router: router), middleware)
    }
}

/// Asks again until it holds, for ten seconds.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(5))
    }
    return false
}
