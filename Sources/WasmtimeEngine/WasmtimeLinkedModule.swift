internal import CWasmtime
internal import ProxyWasm

/// A module with its imports resolved.
/// Sendable is safe: nothing changes after init, and Wasmtime lets any thread instantiate from it.
final class WasmtimeLinkedModule: LinkedModule, @unchecked Sendable {
    let module: WasmtimeModule
    // Both are used from any thread without being changed after init.
    private let linker: OpaquePointer
    /// Nil when the module imports memory: that belongs to one store, so each instance links anew.
    private let prepared: OpaquePointer?
    private let functions: [HostFunction]

    init(_ module: WasmtimeModule, _ offered: [HostFunction]) throws(EngineError) {
        self.module = module
        self.functions = try Self.resolve(module, offered)
        if module.otherImports.count != module.importedMemories.count || module.importedMemories.count > 1 {
            let names = module.otherImports.joined(separator: ", ")
            throw .link(
                "the module imports what this host does not provide: \(names); it provides functions and one memory"
            )
        }
        let linker = try Self.makeLinker(module.engine, self.functions)
        var prepared: OpaquePointer?
        if module.importedMemories.isEmpty {
            if let error = cwasmtime_linker_instantiate_pre(linker, module.module, &prepared) {
                cwasmtime_linker_delete(linker)
                throw .link("the module's imports do not link: \(takeMessage(error))")
            }
        }
        self.linker = linker
        self.prepared = prepared
    }

    deinit {
        if let prepared = self.prepared { cwasmtime_instance_pre_delete(prepared) }
        cwasmtime_linker_delete(self.linker)
    }

    func instantiate(limits: VMLimits, host: AnyObject) throws(EngineError) -> any WasmInstance {
        try WasmtimeInstance(self, limits: limits, host: host)
    }

    /// Makes the instance inside `store`; the guest's start section runs here.
    func instantiate(
        in context: OpaquePointer?,
        _ instance: inout cwasmtime_instance,
        _ trap: inout OpaquePointer?
    ) -> OpaquePointer? {
        if let prepared = self.prepared {
            return cwasmtime_instance_pre_instantiate(prepared, context, &instance, &trap)
        }
        let linker = cwasmtime_linker_new(self.module.engine.engine)
        defer { cwasmtime_linker_delete(linker) }
        for function in self.functions {
            if let error = Self.define(function, in: linker) { return error }
        }
        for memory in self.module.importedMemories {
            var item = cwasmtime_extern()
            item.kind = UInt8(cwasmtime_extern_memory)
            if let error = cwasmtime_memory_new(context, memory.type, &item.of.memory) { return error }
            let error = withC(memory.module, memory.name) {
                cwasmtime_linker_define(linker, context, $0.baseAddress, $0.count, $1.baseAddress, $1.count, &item)
            }
            if let error { return error }
            self.bindImportedMemory(item.of.memory, context)
        }
        return cwasmtime_linker_instantiate(linker, context, self.module.module, &instance, &trap)
    }

    private func bindImportedMemory(_ memory: cwasmtime_memory, _ context: OpaquePointer?) {
        guard let data = cwasmtime_context_get_data(context) else { return }
        Unmanaged<WasmtimeInstance>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.useMemory(memory) }
    }

    // MARK: Functions

    /// The offered function for each import, all problems in one message.
    private static func resolve(
        _ module: WasmtimeModule,
        _ offered: [HostFunction]
    ) throws(EngineError) -> [HostFunction] {
        var byName: [String: [HostFunction]] = [:]
        for function in offered { byName["\(function.module).\(function.name)", default: []].append(function) }
        var resolved: [HostFunction] = []
        var defined: Set<String> = []
        var problems: [String] = []
        for wanted in module.importedFunctions {
            let name = "\(wanted.module).\(wanted.name)"
            let candidates = byName[name] ?? []
            if let match = candidates.first(where: { $0.type == wanted.type }) {
                // A module may import one function twice.
                if defined.insert("\(name) \(wanted.type.text)").inserted { resolved.append(match) }
            } else if candidates.isEmpty {
                problems.append("unknown import \(name) \(wanted.type.text)")
            } else {
                let types = candidates.map(\.type.text).joined(separator: " or ")
                problems.append("import \(name) is wanted as \(wanted.type.text), but this host offers \(types)")
            }
        }
        guard problems.isEmpty else {
            let more = problems.count > 10 ? " and \(problems.count - 10) more" : ""
            throw .link("the module does not link: " + problems.prefix(10).joined(separator: "; ") + more)
        }
        return resolved
    }

    private static func makeLinker(
        _ engine: EngineHandle,
        _ functions: [HostFunction]
    ) throws(EngineError) -> OpaquePointer {
        guard let linker = cwasmtime_linker_new(engine.engine) else {
            throw .link("the engine could not make a linker")
        }
        for function in functions {
            if let error = self.define(function, in: linker) {
                cwasmtime_linker_delete(linker)
                throw .link("\(function.module).\(function.name) cannot be defined: \(takeMessage(error))")
            }
        }
        return linker
    }

    private static func define(_ function: HostFunction, in linker: OpaquePointer?) -> OpaquePointer? {
        let parameters = function.type.parameters.map(\.rawValue)
        let results = function.type.results.map(\.rawValue)
        let type = cwasmtime_make_functype(parameters, parameters.count, results, results.count)
        defer { cwasmtime_functype_delete(type) }
        let box = Unmanaged.passRetained(HostFunctionBox(function.body)).toOpaque()
        return withC(function.module, function.name) {
            cwasmtime_linker_define_func_unchecked(
                linker,
                $0.baseAddress,
                $0.count,
                $1.baseAddress,
                $1.count,
                type,
                hostcall,
                box,
                { box in if let box { Unmanaged<HostFunctionBox>.fromOpaque(box).release() } }
            )
        }
    }
}

/// A hostcall's body behind the C pointer.
final class HostFunctionBox: Sendable {
    let body: HostFunctionBody
    init(_ body: @escaping HostFunctionBody) { self.body = body }
}

/// Guest → host. On every hostcall: no allocation, no lookup.
private func hostcall(
    _ environment: UnsafeMutableRawPointer?,
    _ caller: OpaquePointer?,
    _ values: UnsafeMutablePointer<cwasmtime_raw>?,
    _ count: Int
) -> OpaquePointer? {
    // The engine hands back what it was given; nil would be its bug, reported as a trap.
    guard let environment, let values,
        let data = cwasmtime_context_get_data(cwasmtime_caller_context(caller))
    else { return trap("hostcall without its environment") }
    let slots = UnsafeMutableRawPointer(values).assumingMemoryBound(to: RawValue.self)
    // The instance is alive, or the guest would not run; the box lives as long as the linker.
    return Unmanaged<WasmtimeInstance>.fromOpaque(data)._withUnsafeGuaranteedRef { instance in
        if !instance.isReady { instance.prepareForStart(caller) }
        let exit = Unmanaged<HostFunctionBox>.fromOpaque(environment)._withUnsafeGuaranteedRef { box in
            instance.host._withUnsafeGuaranteedRef { box.body($0, slots) }
        }
        switch exit {
        case .returned: return nil
        case .trap(let message):
            instance.hostTrap = message
            return trap(message)
        }
    }
}

private func trap(_ message: String) -> OpaquePointer? {
    var message = message
    return message.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { cwasmtime_trap_new($0.baseAddress, $0.count) }
    }
}

/// Two strings as C sees them.
private func withC<Result>(
    _ first: String,
    _ second: String,
    _ body: (UnsafeBufferPointer<CChar>, UnsafeBufferPointer<CChar>) -> Result
) -> Result {
    var first = first
    var second = second
    return first.withUTF8 { first in
        second.withUTF8 { second in
            first.withMemoryRebound(to: CChar.self) { first in
                second.withMemoryRebound(to: CChar.self) { second in body(first, second) }
            }
        }
    }
}
