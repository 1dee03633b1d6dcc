import ArgumentParser
import ProxyWasm
import WasmtimeEngine

/// The version of this program.
package enum MizzenVersion {
    package static let current = "0.1.0"
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the version, the ABI versions that plugins may use, and the WebAssembly engine."
    )

    func run() async throws {
        print("mizzen \(MizzenVersion.current)")
        print("Proxy-Wasm ABI 0.1.0, 0.2.0, 0.2.1")
        do throws(EngineError) {
            print("engine \(try WasmtimeEngine().description)")
        } catch {
            print("engine not available: \(error)")
        }
    }
}
