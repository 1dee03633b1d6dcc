package import WasmtimeEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The real engine, one for all conformance tests.
package enum ConformanceEngine {
    private static let made = Result { try WasmtimeEngine(libraryPath: Self.libraryPath()) }

    package static func shared() throws -> WasmtimeEngine { try self.made.get() }

    /// `$MIZZEN_WASMTIME` decides; else `.build/wasmtime` of the repository this file is in.
    private static func libraryPath(_ file: String = #filePath) -> String? {
        if getenv("MIZZEN_WASMTIME") != nil { return nil }
        var directory = file[...]
        while let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            let candidate = "\(directory)/.build/wasmtime/libwasmtime.so"
            if access(candidate, R_OK) == 0 { return candidate }
        }
        return nil
    }
}
