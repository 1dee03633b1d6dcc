import ProxyWasm
import WasmtimeEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The engine's library: `$MIZZEN_WASMTIME`, else `.build/wasmtime` of the repository this file is in.
func engineLibraryPath(_ file: String = #filePath) -> String? {
    if getenv("MIZZEN_WASMTIME") != nil { return nil }
    var directory = file[...]
    while let slash = directory.lastIndex(of: "/") {
        directory = directory[..<slash]
        let candidate = "\(directory)/.build/wasmtime/libwasmtime.so"
        if access(candidate, R_OK) == 0 { return candidate }
    }
    return nil
}

/// One engine for all tests that need no settings of their own.
enum TestEngine {
    private static let made = Result { try WasmtimeEngine(libraryPath: engineLibraryPath()) }

    static func shared() throws -> WasmtimeEngine { try self.made.get() }
}

/// A host that hostcalls of the tests know by its type.
final class TestHost {
    var notes: [String] = []
    var instance: (any WasmInstance)?
}

func module(_ wat: String) throws -> any WasmModule {
    let engine = try TestEngine.shared()
    return try engine.compile(try wat2wasm(wat))
}

func instance(
    _ wat: String,
    _ functions: [HostFunction] = [],
    limits: VMLimits = VMLimits(),
    host: TestHost = TestHost()
) throws -> any WasmInstance {
    let instance = try module(wat).link(functions).instantiate(limits: limits, host: host)
    host.instance = nil
    return instance
}

let nullary = FunctionType([])
let toI32 = FunctionType([], [.i32])
let i32ToI32 = FunctionType([.i32], [.i32])

extension WasmInstance {
    /// Calls a function of 32-bit arguments with at most one result.
    func run(_ name: String, _ arguments: UInt32..., result: Bool = false) -> (outcome: GuestCallOutcome, value: UInt32)
    {
        let type = FunctionType(arguments.map { _ in .i32 }, result ? [.i32] : [])
        guard let function = self.function(named: name, type: type) else {
            return (.trapped(TrapReport(kind: .host, message: "no function \(name)")), 0)
        }
        var values = arguments.map { RawValue(i32: $0) } + [RawValue()]
        let count = values.count
        let outcome = values.withUnsafeMutableBufferPointer { values in
            values.baseAddress.map { self.call(function, $0, count: count) ? nil : self.takeTrap() } ?? nil
        }
        return (outcome.map { .trapped($0) } ?? .returned, values[0].i32)
    }
}

extension GuestCallOutcome {
    var trap: TrapReport? { if case .trapped(let report) = self { report } else { nil } }
}

/// How a guest call ended.
enum GuestCallOutcome {
    case returned
    case trapped(TrapReport)
}

/// A directory that is gone after the test.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/mizzen-test.XXXXXX".utf8CString)
        self.path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    deinit {
        for name in self.names { unlink("\(self.path)/\(name)") }
        rmdir(self.path)
    }

    var names: [String] {
        guard let stream = opendir(self.path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let item = readdir(stream) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func read(_ name: String) -> [UInt8] {
        guard let file = fopen("\(self.path)/\(name)", "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while true {
            let next = getc(file)
            if next == EOF { return bytes }
            bytes.append(UInt8(truncatingIfNeeded: next))
        }
    }

    func write(_ name: String, _ bytes: [UInt8]) {
        guard let file = fopen("\(self.path)/\(name)", "wb") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    func mode(_ name: String) -> UInt32 {
        var status = stat()
        stat("\(self.path)/\(name)", &status)
        return status.st_mode & 0o777
    }
}
