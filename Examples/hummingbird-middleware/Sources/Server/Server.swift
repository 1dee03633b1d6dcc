import Foundation
import Hummingbird
import Logging
import ProxyWasm
import ProxyWasmMiddleware
import WasmtimeEngine

/// `swift run Server PLUGIN.wasm [CONFIGURATION]`: three routes on 127.0.0.1:8080 with the plugin before them.
@main
struct Server {
    static func main() async throws {
        guard CommandLine.arguments.count > 1 else {
            print("usage: Server PLUGIN.wasm [CONFIGURATION]")
            return
        }
        let bytes = try Data(contentsOf: URL(filePath: CommandLine.arguments[1]))
        let logger = Logger(label: "wasm")
        // One engine and one set of shared services for a process, one module for a file.
        let module = try PluginModule(bytes: Array(bytes), engine: try WasmtimeEngine())
        var plugin = ProxyWasmPlugin(
            module: module,
            definition: PluginDefinition(
                name: "example",
                configuration: Array(CommandLine.arguments.dropFirst(2).joined().utf8)
            ),
            services: SharedServices(),
            logger: logger
        )
        plugin.clusters = ["auth": "http://127.0.0.1:9000"]

        let middleware = try await ProxyWasmMiddleware<BasicRequestContext>(plugin)
        let router = Router()
        router.add(middleware: middleware)
        router.get("hello") { _, _ in "hello\n" }
        router.get("headers") { request, _ in
            request.headers.map { "\($0.name): \($0.value)\n" }.joined()
        }
        router.post("echo") { request, _ in
            Response(status: .ok, body: ResponseBody(asyncSequence: request.body))
        }
        let app = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 8080)))
        try await app.runService()
        await middleware.shutDown()
    }
}
