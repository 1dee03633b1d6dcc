/// Slots of a hostcall: arguments in, the result back at index 0.
typealias Arguments = UnsafeMutablePointer<RawValue>

/// One function offered to modules. A few have more than one type in the wild.
struct Hostcall: Sendable {
    var name: String
    /// Accepted types with what runs for each; the first is the ABI's own.
    var variants: [Variant]

    struct Variant: Sendable {
        var type: FunctionType
        var body: HostFunctionBody

        init(_ type: FunctionType, _ body: @escaping HostFunctionBody) {
            self.type = type
            self.body = body
        }
    }
}

/// Everything a module may import, by import module and name: the union of all ABI versions.
enum HostcallTable {
    static let groups: [[Hostcall]] = [
        Hostcalls.logging, Hostcalls.timers, Hostcalls.headers, Hostcalls.buffers, Hostcalls.properties,
        Hostcalls.streamControl, Hostcalls.localResponse, Hostcalls.httpCalls, Hostcalls.grpcCalls,
        Hostcalls.sharedData, Hostcalls.sharedQueues, Hostcalls.metrics, Hostcalls.foreignFunctions,
        Hostcalls.nameLookups, Hostcalls.runtime,
    ]
    static let wasiGroups: [[Hostcall]] = [
        WASI.args, WASI.environment, WASI.clock, WASI.random, WASI.fileDescriptors, WASI.paths, WASI.process,
    ]
    static let wasiModules = ["wasi_snapshot_preview1", "wasi_unstable"]

    private static let env = Self.index(Self.groups)
    private static let wasi = Self.index(Self.wasiGroups)

    private static func index(_ groups: [[Hostcall]]) -> [String: Hostcall] {
        Dictionary(uniqueKeysWithValues: groups.joined().map { ($0.name, $0) })
    }

    static func hostcall(_ module: String, _ name: String) -> Hostcall? {
        if module == "env" { return Self.env[name] }
        return Self.wasiModules.contains(module) ? Self.wasi[name] : nil
    }

    /// The functions for a module's imports, each with the type the module declares. All that is wrong
    /// is reported at once.
    static func resolve(_ imports: [ModuleFunction]) throws(PluginFailure) -> [HostFunction] {
        var functions: [HostFunction] = []
        var problems: [String] = []
        for wanted in imports {
            guard let known = Self.hostcall(wanted.module, wanted.name) else {
                problems.append("unknown import \(wanted.module).\(wanted.name)")
                continue
            }
            guard let variant = known.variants.first(where: { $0.type == wanted.type }) else {
                let offered = known.variants.map(\.type.text).joined(separator: " or ")
                problems.append(
                    "import \(wanted.module).\(wanted.name): the module wants \(wanted.type.text), offered is \(offered)"
                )
                continue
            }
            let function = HostFunction(
                module: wanted.module,
                name: wanted.name,
                type: wanted.type,
                body: variant.body
            )
            // A module may import one function twice; it is defined once.
            if !functions.contains(where: { $0.module == wanted.module && $0.name == wanted.name }) {
                functions.append(function)
            }
        }
        guard problems.isEmpty else { throw PluginFailure(.module, problems.joined(separator: "; ")) }
        return functions
    }
}

/// The ABI's functions, a file per group.
enum Hostcalls {
    /// Defines `env.name` with a status result. `signature` has a letter per parameter: `i` i32, `I` i64.
    /// `phase` is the strictest mode it still works in; elsewhere it traps.
    @inline(__always)
    static func define(
        _ name: StaticString,
        _ signature: String,
        _ phase: PluginVM.Mode = .callback,
        _ operation: @escaping @Sendable (PluginVM, Arguments) -> Status
    ) -> Hostcall {
        Hostcall(
            name: name.description,
            variants: [
                Hostcall.Variant(FunctionType(Self.types(signature), [.i32])) { host, values in
                    let vm = unsafeDowncast(host, to: PluginVM.self)
                    guard vm.mode.rawValue <= phase.rawValue else { return vm.refuse(name) }
                    if vm.isTracing {
                        vm.traceHostcall(name, values, signature)
                        values[0].i32 = operation(vm, values).rawValue
                        vm.traceHostcallEnd(name, values[0].i32)
                    } else {
                        values[0].i32 = operation(vm, values).rawValue
                    }
                    return vm.mustUnwind ? .trap("the guest's allocator failed") : .returned
                }
            ]
        )
    }

    /// The same, also for modules that declare it without a result: then nothing may be written back.
    static func defineWithOptionalResult(
        _ name: StaticString,
        _ operation: @escaping @Sendable (PluginVM) -> Status
    ) -> Hostcall {
        var hostcall = Self.define(name, "") { vm, _ in operation(vm) }
        hostcall.variants.append(
            Hostcall.Variant(FunctionType([], [])) { host, _ in
                let vm = unsafeDowncast(host, to: PluginVM.self)
                guard vm.mode == .callback else { return vm.refuse(name) }
                _ = operation(vm)
                return .returned
            }
        )
        return hostcall
    }

    static func types(_ signature: String) -> [ValueType] {
        signature.utf8.map { $0 == UInt8(ascii: "I") ? .i64 : .i32 }
    }
}
