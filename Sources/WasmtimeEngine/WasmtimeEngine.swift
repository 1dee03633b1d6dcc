internal import CWasmtime
public import ProxyWasm

/// The engine port, filled by Wasmtime: compiles modules, keeps compiled code on disk, and ticks the
/// clock that bounds callbacks. One per process is enough; shared by all threads, and kept alive by what it compiled.
public final class WasmtimeEngine: WasmEngine {
    /// How often the epoch moves. Deadlines are kept to about two of these.
    static let tickMilliseconds: UInt32 = 5
    /// Native stack a guest may use, nested calls included.
    private static let maximumStackBytes = 512 << 10
    /// Part of a cached file's key: change it when settings that change compiled code do.
    private static let settings =
        "cranelift speed, epoch, no fuel, no threads, no memory64, no multi-memory, memory stays"

    private let handle: EngineHandle
    private let cache: CompiledModuleCache?
    private let report: @Sendable (String) -> Void
    /// Where the engine's library was found.
    public let libraryPath: String

    /// Opens the engine's library, checks that it works, and starts the ticker.
    /// - Parameters:
    ///   - libraryPath: The shared library; nil searches `$MIZZEN_WASMTIME` and the usual places.
    ///     A process opens one library: later engines use the first one's.
    ///   - cacheDirectory: Keeps compiled code between runs. Made with mode 0700 when missing; refused
    ///     when others may write to it, because compiled code is trusted once its digest matches.
    ///   - cacheMaximumBytes: Bound of that directory; what was used longest ago goes first.
    ///   - report: Told about trouble with the cache or with debug information, neither of which stops a module from
    ///     loading.
    /// - Throws: `EngineError.unavailable` when there is no usable library or the directory is refused; the text says
    ///   where it was looked for and what to do.
    public init(
        libraryPath: String? = nil,
        cacheDirectory: String? = nil,
        cacheMaximumBytes: UInt64 = 1 << 30,
        report: (@Sendable (String) -> Void)? = nil
    ) throws(EngineError) {
        let report = report ?? { _ in }
        self.report = report
        self.libraryPath = try loadLibrary(libraryPath)
        let config = cwasmtime_config_new()
        cwasmtime_config_cranelift_opt_level_set(config, 1)
        cwasmtime_config_epoch_interruption_set(config, true)
        cwasmtime_config_consume_fuel_set(config, false)
        cwasmtime_config_max_wasm_stack_set(config, Self.maximumStackBytes)
        cwasmtime_config_wasm_threads_set(config, false)
        // A 64-bit memory could not be addressed by the ABI's 32-bit pointers.
        cwasmtime_config_wasm_memory64_set(config, false)
        cwasmtime_config_wasm_multi_memory_set(config, false)
        cwasmtime_config_parallel_compilation_set(config, true)
        // Memories keep the default: address space reserved with guard pages, so no bounds checks in
        // compiled code. 4 GiB of addresses each leaves room for over 10 000 instances, and is all that a
        // memory can grow to: it need never move, so a view of it is never wrong, only short.
        cwasmtime_config_memory_may_move_set(config, false)
        guard let engine = cwasmtime_engine_new_with_config(config) else {
            throw .unavailable("the WebAssembly engine \(self.libraryPath) refused its settings")
        }
        self.handle = try EngineHandle(engine)
        let readsDebugInformation = cwasmtime_reads_debug_information()
        let fingerprint = try selfCheck(self.handle, libraryPath: self.libraryPath)
        self.cache =
            if let cacheDirectory {
                try CompiledModuleCache(
                    directory: cacheDirectory,
                    fingerprint: fingerprint + Array(Self.settings.utf8) + (readsDebugInformation ? [1] : [0]),
                    maximumBytes: cacheMaximumBytes,
                    report: report
                )
            } else {
                nil
            }
    }

    /// Name, version and library, for logs.
    public var description: String { "Wasmtime 50 (\(self.libraryPath))" }

    /// Compiles a module's bytes, or loads what an earlier run has compiled. Takes up to seconds: never on an event loop.
    /// - Throws: `EngineError.invalidModule` for bytes that are no core module or use a feature that is switched off.
    public func compile(_ bytes: [UInt8]) throws(EngineError) -> any WasmModule {
        try Self.checkHeader(bytes)
        guard let cache = self.cache else { return try self.compileAnew(bytes) }
        let key = cache.key(for: bytes)
        if let compiled = cache.load(key) {
            // The engine refuses code of another version or processor by itself; then compile anew.
            if let module = try? WasmtimeModule(deserializing: compiled, engine: self.handle) { return module }
            cache.remove(key)
        }
        let module = try self.compileAnew(bytes)
        module.withSerialized { cache.store($0, for: key) }
        return module
    }

    private func compileAnew(_ bytes: [UInt8]) throws(EngineError) -> WasmtimeModule {
        guard let stripped = DebugSections.stripped(bytes) else {
            return try WasmtimeModule(compiling: bytes, engine: self.handle)
        }
        self.report("a module's debug information is over \(DebugSections.maximumBytes >> 20) MiB and is left out")
        return try WasmtimeModule(compiling: stripped, engine: self.handle)
    }

    private static func checkHeader(_ bytes: [UInt8]) throws(EngineError) {
        guard bytes.count >= 8, bytes.starts(with: [0x00, 0x61, 0x73, 0x6d]) else {
            let start = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            throw .invalidModule(
                "not a WebAssembly module: \(bytes.count) bytes that start with \(start.isEmpty ? "nothing" : start), "
                    + "expected 00 61 73 6d and a version"
            )
        }
        guard bytes[4...].starts(with: [1, 0, 0, 0]) else {
            let isComponent = bytes[6] == 1
            throw .invalidModule(
                isComponent
                    ? "a WebAssembly component, expected a core module: build the plugin as a core module"
                    : "WebAssembly binary of an unknown version, expected version 1"
            )
        }
    }
}

/// The C engine and its ticker, kept alive by everything made from it.
/// Sendable is safe: Wasmtime's engine may be used from any thread, and its pointer never changes.
final class EngineHandle: @unchecked Sendable {
    // Wasmtime's engine may be used from any thread; both pointers are constant.
    let engine: OpaquePointer
    let ticker: UnsafeMutablePointer<cwasmtime_ticker>

    init(_ engine: OpaquePointer) throws(EngineError) {
        guard let ticker = cwasmtime_ticker_start(engine, WasmtimeEngine.tickMilliseconds) else {
            cwasmtime_engine_delete(engine)
            throw .unavailable("the WebAssembly engine could not start its clock thread: the system is out of threads")
        }
        self.engine = engine
        self.ticker = ticker
    }

    deinit {
        cwasmtime_ticker_stop(self.ticker)
        cwasmtime_engine_delete(self.engine)
    }
}

/// Opens the library; the result is its path.
func loadLibrary(_ path: String?) throws(EngineError) -> String {
    let (loaded, text) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32 << 10) { text in
        let loaded = cwasmtime_load(path, text.baseAddress, text.count)
        return (loaded, text.baseAddress.map { String(cString: $0) } ?? "")
    }
    guard loaded else { throw .unavailable(text) }
    return text
}

/// Translates WebAssembly text to a module's bytes. For tests and tools.
package func wat2wasm(_ text: String, libraryPath: String? = nil) throws(EngineError) -> [UInt8] {
    _ = try loadLibrary(libraryPath)
    var text = text
    var output = cwasmtime_bytes()
    let error = text.withUTF8 { text in
        text.withMemoryRebound(to: CChar.self) { cwasmtime_wat2wasm($0.baseAddress, $0.count, &output) }
    }
    if let error { throw .invalidModule(takeMessage(error)) }
    defer { cwasmtime_byte_vec_delete(&output) }
    return Array(UnsafeRawBufferPointer(start: output.data, count: output.size))
}
