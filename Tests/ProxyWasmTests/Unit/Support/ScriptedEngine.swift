import Synchronization

@testable import ProxyWasm

/// A guest's body: gets its instance and the arguments, answers the result.
typealias GuestBody = (ScriptedInstance, [UInt32]) throws -> UInt32

/// What a scripted guest throws to trap.
struct GuestTrap: Error {
    var kind = TrapReport.Kind.trap
    var message = "wasm trap: unreachable"
    var backtrace: [String] = []
}

/// A guest written as Swift closures: what a compiled module would export and import.
struct GuestScript {
    struct Export {
        var name: String
        var type: FunctionType
        var body: GuestBody
    }

    var exports: [Export] = []
    var imports: [ModuleFunction] = []
    var memoryBytes = 1 << 16
    /// Run by the engine during instantiation, like a wasm start section.
    var startSection: GuestBody?

    /// A script with an ABI marker and a bumping allocator.
    init(_ version: ABIVersion = .v0_2_1, allocator: String? = "proxy_on_memory_allocate") {
        self.export(version.marker, [], []) { _, _ in 0 }
        if let allocator {
            self.export(allocator, [.i32], [.i32]) { guest, arguments in guest.bump(arguments[0]) }
        }
        self.imports = HostcallTable.groups.joined().map {
            ModuleFunction(module: "env", name: $0.name, type: $0.variants[0].type)
        }
        self.imports += HostcallTable.wasiGroups.joined().map {
            ModuleFunction(module: "wasi_snapshot_preview1", name: $0.name, type: $0.variants[0].type)
        }
    }

    /// Nothing at all.
    static var bare: GuestScript {
        var script = GuestScript()
        script.exports = []
        script.imports = []
        return script
    }

    mutating func export(
        _ name: String,
        _ parameters: [ValueType],
        _ results: [ValueType],
        _ body: @escaping GuestBody = { _, _ in 0 }
    ) {
        self.exports.removeAll { $0.name == name }
        self.exports.append(Export(name: name, type: FunctionType(parameters, results), body: body))
    }

    /// A callback with the type the ABI gives it.
    mutating func on(_ name: String, _ version: ABIVersion = .v0_2_1, _ body: @escaping GuestBody) {
        let type = GuestExportTypes.callback(name, version) ?? FunctionType([], [])
        self.export(name, type.parameters, type.results, body)
    }
}

final class ScriptedEngine: WasmEngine, @unchecked Sendable {
    let script: GuestScript
    var description: String { "scripted" }

    init(_ script: GuestScript) { self.script = script }

    func compile(_ bytes: [UInt8]) throws(EngineError) -> any WasmModule {
        guard bytes.starts(with: [0, 0x61, 0x73, 0x6d]) else { throw .invalidModule("not a WebAssembly module") }
        return ScriptedModule(self.script)
    }
}

final class ScriptedModule: WasmModule, @unchecked Sendable {
    let script: GuestScript

    init(_ script: GuestScript) { self.script = script }

    var exportedFunctions: [ModuleFunction] { self.script.exports.map { ModuleFunction(name: $0.name, type: $0.type) } }
    var importedFunctions: [ModuleFunction] { self.script.imports }
    var otherImports: [String] { [] }

    func link(_ functions: [HostFunction]) throws(EngineError) -> any LinkedModule {
        ScriptedLinkedModule(self.script, functions)
    }
}

final class ScriptedLinkedModule: LinkedModule, @unchecked Sendable {
    let script: GuestScript
    let functions: [String: HostFunction]

    init(_ script: GuestScript, _ functions: [HostFunction]) {
        self.script = script
        self.functions = Dictionary(uniqueKeysWithValues: functions.map { ("\($0.module).\($0.name)", $0) })
    }

    func instantiate(limits: VMLimits, host: AnyObject) throws(EngineError) -> any WasmInstance {
        let instance = ScriptedInstance(self.script, self.functions, host)
        if let start = self.script.startSection {
            do { _ = try start(instance, []) } catch { throw .instantiation("start function trapped") }
        }
        return instance
    }
}

final class ScriptedInstance: WasmInstance {
    private let script: GuestScript
    private let functions: [String: HostFunction]
    private unowned let host: AnyObject
    private var bytes: UnsafeMutableRawPointer
    private(set) var size: Int
    private let view = UnsafeMutablePointer<GuestMemory>.allocate(capacity: 1)
    private let late = UnsafeMutablePointer<LateCall>.allocate(capacity: 1)
    /// CPU time as the engine would tell it.
    var cpuNanoseconds: UInt64 = 0
    private var trap = TrapReport(kind: .trap, message: "none")
    private var next: UInt32 = 4096
    /// Where `put` goes on; a callback that puts a lot may set it back.
    var scratch: UInt32 = 64
    /// Sizes the host has asked the allocator for.
    private(set) var allocations: [UInt32] = []
    /// Names of the exports that were called, allocator left out.
    var calls: [String] = []
    /// Anything a guest wants to keep.
    var globals: [String: UInt32] = [:]

    init(_ script: GuestScript, _ functions: [String: HostFunction], _ host: AnyObject) {
        self.script = script
        self.functions = functions
        self.host = host
        self.size = script.memoryBytes
        self.bytes = .allocate(byteCount: self.size, alignment: 16)
        self.bytes.initializeMemory(as: UInt8.self, repeating: 0x3f, count: self.size)
        self.view.initialize(to: GuestMemory(base: self.bytes, count: UInt64(self.size)))
        self.late.initialize(to: LateCall())
    }

    deinit {
        self.bytes.deallocate()
        self.view.deallocate()
        self.late.deallocate()
    }

    // MARK: WasmInstance

    func function(named name: String, type: FunctionType) -> GuestFunction? {
        self.script.exports.firstIndex { $0.name == name && $0.type == type }.map { GuestFunction(index: $0) }
    }

    func call(_ function: GuestFunction, _ values: UnsafeMutablePointer<RawValue>, count: Int) -> Bool {
        let export = self.script.exports[function.index]
        precondition(count == max(export.type.parameters.count, export.type.results.count), export.name)
        if !export.name.hasSuffix("alloc"), !export.name.hasSuffix("memory_allocate") { self.calls.append(export.name) }
        let savedScratch = self.scratch
        defer { self.scratch = savedScratch }
        do {
            let result = try export.body(self, (0..<export.type.parameters.count).map { values[$0].i32 })
            if !export.type.results.isEmpty { values[0] = RawValue(i32: result) }
            return true
        } catch let trap as GuestTrap {
            self.trap = TrapReport(kind: trap.kind, message: trap.message, backtrace: trap.backtrace)
            return false
        } catch {
            self.trap = TrapReport(kind: .trap, message: "\(error)")
            return false
        }
    }

    func takeTrap() -> TrapReport { self.trap }

    var memoryView: UnsafePointer<GuestMemory> { UnsafePointer(self.view) }

    var lateCall: UnsafeMutablePointer<LateCall>? { self.late }

    func cpuTimeNanoseconds() -> UInt64 { self.cpuNanoseconds }

    // MARK: What a guest does

    /// Uses CPU time; the engine notices as many ticks of its clock.
    func spend(nanoseconds: UInt64, ticks: UInt32 = 0) {
        self.cpuNanoseconds += nanoseconds
        guard ticks > 0 else { return }
        self.late.pointee.ticks = ticks
        self.late.pointee.nanoseconds = ticks == 1 ? 5_000_000 : nanoseconds
    }

    /// Memory for the host's results.
    func bump(_ count: UInt32) -> UInt32 {
        self.allocations.append(count)
        defer { self.next += count + 16 }
        while Int(self.next) + Int(count) > self.size { self.grow() }
        return self.next
    }

    /// Doubles memory and moves it.
    func grow() {
        let grown = UnsafeMutableRawPointer.allocate(byteCount: self.size * 2, alignment: 16)
        grown.initializeMemory(as: UInt8.self, repeating: 0x3f, count: self.size * 2)
        grown.copyMemory(from: self.bytes, byteCount: self.size)
        // The old place is poisoned: a pointer kept across the move reads nonsense.
        self.bytes.initializeMemory(as: UInt8.self, repeating: 0xEE, count: self.size)
        self.bytes.deallocate()
        self.bytes = grown
        self.size *= 2
        self.view.pointee = GuestMemory(base: self.bytes, count: UInt64(self.size))
    }

    /// Calls an import with 32-bit arguments.
    @discardableResult
    func call(_ name: String, _ arguments: UInt32...) throws -> UInt32 {
        try self.call("env", name, arguments.map { RawValue(i32: $0) })
    }

    @discardableResult
    func wasi(_ name: String, _ arguments: UInt32...) throws -> UInt32 {
        try self.call("wasi_snapshot_preview1", name, arguments.map { RawValue(i32: $0) })
    }

    @discardableResult
    func call(_ module: String, _ name: String, _ arguments: [RawValue]) throws -> UInt32 {
        guard let function = self.functions["\(module).\(name)"] else { throw GuestTrap(message: "no import \(name)") }
        precondition(function.type.parameters.count == arguments.count, "\(name) takes \(function.type)")
        // Just the room an engine would give: writing past it is an error of the hostcall.
        let room = max(function.type.parameters.count, function.type.results.count)
        let values = UnsafeMutablePointer<RawValue>.allocate(capacity: room + 1)
        defer { values.deallocate() }
        values.initialize(repeating: RawValue(i64: 0xDEAD), count: room + 1)
        for (index, argument) in arguments.enumerated() { values[index] = argument }
        switch function.body(self.host, values) {
        case .returned:
            precondition(values[room].i64 == 0xDEAD, "\(name) wrote past its values")
            return room > 0 ? values[0].i32 : 0
        case .trap(let message):
            throw GuestTrap(kind: .host, message: message)
        }
    }

    /// Puts bytes somewhere in low memory, for the time of the running callback.
    func put(_ bytes: [UInt8]) -> (address: UInt32, count: UInt32) {
        let address = self.scratch
        self.scratch += UInt32(bytes.count) + 1
        precondition(self.scratch < 4096)
        self.write(bytes, at: address)
        return (address, UInt32(bytes.count))
    }

    func put(_ text: String) -> (address: UInt32, count: UInt32) { self.put(Array(text.utf8)) }

    func write(_ bytes: [UInt8], at address: UInt32) {
        for (index, byte) in bytes.enumerated() {
            self.bytes.storeBytes(of: byte, toByteOffset: Int(address) + index, as: UInt8.self)
        }
    }

    func read(_ address: UInt32, _ count: UInt32) -> [UInt8] {
        (0..<Int(count)).map { self.bytes.load(fromByteOffset: Int(address) + $0, as: UInt8.self) }
    }

    func u32(_ address: UInt32) -> UInt32 {
        self.read(address, 4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    func u64(_ address: UInt32) -> UInt64 {
        self.read(address, 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
