#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

enum WorkingDirectory {
    /// The module that is meant when none is named.
    static func onlyModule() throws(CommandFailure) -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: ".")) ?? []
        let modules = names.filter { $0.hasSuffix(".wasm") && !$0.hasPrefix(".") }.sorted()
        guard modules.count == 1, let module = modules.first else {
            let there = modules.isEmpty ? "no .wasm file" : modules.prefix(5).joined(separator: ", ")
            throw CommandFailure("which module? The working directory has \(there); give FILE.wasm")
        }
        return module
    }
}
