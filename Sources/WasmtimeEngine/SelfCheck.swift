internal import CWasmtime
internal import Crypto
internal import ProxyWasm

/// Runs a tiny module through every kind of operation we rely on, so that a library of another
/// version fails at start and not under traffic.
/// - Returns: A digest of the module's compiled form, which names the engine's version, its settings
///   and the processor's features.
func selfCheck(_ engine: EngineHandle, libraryPath: String) throws(EngineError) -> [UInt8] {
    func failure(_ what: String) -> EngineError {
        .unavailable("the WebAssembly engine \(libraryPath) fails its self-check (\(what)): is it Wasmtime 50?")
    }
    func check(_ condition: Bool, _ what: String) throws(EngineError) {
        if !condition { throw failure(what) }
    }
    let module = try WasmtimeModule(compiling: selfCheckModule, engine: engine)
    let unary = FunctionType([.i32], [.i32])
    try check(module.exportedFunctions.map(\.name) == ["run", "stop"], "exports")
    try check(module.importedFunctions == [ModuleFunction(module: "check", name: "twice", type: unary)], "imports")
    let twice = HostFunction(module: "check", name: "twice", type: unary) { _, values in
        values[0].i32 = values[0].i32 &* 2
        return .returned
    }
    let host = SelfCheckHost()
    let instance = try module.link([twice]).instantiate(limits: VMLimits(memoryBytes: 1 << 20), host: host)
    guard let run = instance.function(named: "run", type: unary),
        let stop = instance.function(named: "stop", type: FunctionType([]))
    else { throw failure("function lookup") }
    let outcome = withUnsafeTemporaryAllocation(of: RawValue.self, capacity: 1) { values in
        values.initialize(repeating: RawValue(i32: 21))
        guard let slots = values.baseAddress, instance.call(run, slots, count: 1) else { return false }
        guard slots[0].i32 == 42, instance.memory.loadUInt32(at: 8) == 42 else { return false }
        guard !instance.call(stop, slots, count: 1) else { return false }
        let report = instance.takeTrap()
        return report.kind == .trap && report.backtrace == ["stop"]
    }
    try check(outcome && instance.memory.count == 65536, "calls, memory, traps")
    withExtendedLifetime(host) {}
    var digest: [UInt8] = []
    module.withSerialized { bytes in
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        digest = Array(hash.finalize())
    }
    try check(!digest.isEmpty, "serialization")
    return digest
}

private final class SelfCheckHost {}

/// ```wat
/// (module
///   (import "check" "twice" (func $twice (param i32) (result i32)))
///   (memory (export "memory") 1)
///   (func (export "run") (param i32) (result i32)
///     (i32.store (i32.const 8) (call $twice (local.get 0)))
///     (i32.load (i32.const 8)))
///   (func $stop (export "stop") unreachable))
/// ```
private let selfCheckModule: [UInt8] = [
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x09, 0x02, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x00, 0x00,
    0x02, 0x0f, 0x01, 0x05, 0x63, 0x68, 0x65, 0x63, 0x6b, 0x05, 0x74, 0x77, 0x69, 0x63, 0x65, 0x00, 0x00, 0x03, 0x03,
    0x02, 0x00, 0x01, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x17, 0x03, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02,
    0x00, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x01, 0x04, 0x73, 0x74, 0x6f, 0x70, 0x00, 0x02, 0x0a, 0x16, 0x02, 0x10, 0x00,
    0x41, 0x08, 0x20, 0x00, 0x10, 0x00, 0x36, 0x02, 0x00, 0x41, 0x08, 0x28, 0x02, 0x00, 0x0b, 0x03, 0x00, 0x00, 0x0b,
    0x00, 0x15, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x01, 0x0e, 0x02, 0x00, 0x05, 0x74, 0x77, 0x69, 0x63, 0x65, 0x02, 0x04,
    0x73, 0x74, 0x6f, 0x70,
]
