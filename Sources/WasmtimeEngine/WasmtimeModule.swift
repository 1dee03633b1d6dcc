internal import CWasmtime
internal import ProxyWasm

/// Compiled code and what it imports and exports.
/// Sendable is safe: nothing changes after init, and Wasmtime's modules may be used from any thread.
final class WasmtimeModule: WasmModule, @unchecked Sendable {
    // Wasmtime's modules may be used from any thread; the pointer is constant.
    let module: OpaquePointer
    let engine: EngineHandle
    let exportedFunctions: [ModuleFunction]
    let importedFunctions: [ModuleFunction]
    let otherImports: [String]
    /// The types of `exportedFunctions` by name.
    let exportedTypes: [String: FunctionType]
    /// The memory that hostcalls read and write: the export `memory`, else the first exported one.
    let memoryExport: String?
    /// Memories that the host has to bring.
    let importedMemories: [ImportedMemory]

    struct ImportedMemory {
        let module: String
        let name: String
        /// Owned by the module.
        let type: OpaquePointer
    }

    convenience init(compiling bytes: [UInt8], engine: EngineHandle) throws(EngineError) {
        var module: OpaquePointer?
        let error = bytes.withUnsafeBufferPointer {
            cwasmtime_module_new(engine.engine, $0.baseAddress, $0.count, &module)
        }
        if let error { throw .invalidModule("the module does not compile: \(takeMessage(error))") }
        guard let module else { throw .invalidModule("the engine gave no module and no reason") }
        self.init(module, engine: engine)
    }

    /// From `withSerialized`'s bytes. Only for bytes whose origin is certain: they hold machine code.
    convenience init(deserializing bytes: ArraySlice<UInt8>, engine: EngineHandle) throws(EngineError) {
        var module: OpaquePointer?
        let error = bytes.withUnsafeBufferPointer {
            cwasmtime_module_deserialize(engine.engine, $0.baseAddress, $0.count, &module)
        }
        if let error { throw .invalidModule(takeMessage(error)) }
        guard let module else { throw .invalidModule("the engine gave no module and no reason") }
        self.init(module, engine: engine)
    }

    private init(_ module: OpaquePointer, engine: EngineHandle) {
        self.module = module
        self.engine = engine
        var functions: [ModuleFunction] = []
        var memories: [String] = []
        var exports = cwasmtime_exports()
        cwasmtime_module_exports(module, &exports)
        for index in 0..<exports.size {
            let entry = exports.data[index]
            let type = cwasmtime_exporttype_type(entry)
            let name = cwasmtime_exporttype_name(entry).map { String($0.pointee) } ?? ""
            switch Int(cwasmtime_externtype_kind(type)) {
            case cwasmtime_extern_func: functions.append(ModuleFunction(name: name, type: FunctionType(extern: type)))
            case cwasmtime_extern_memory: memories.append(name)
            default: break
            }
        }
        cwasmtime_exporttype_vec_delete(&exports)
        self.exportedFunctions = functions
        self.exportedTypes = Dictionary(functions.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
        self.memoryExport = memories.contains("memory") ? "memory" : memories.first

        var importedFunctions: [ModuleFunction] = []
        var importedMemories: [ImportedMemory] = []
        var others: [String] = []
        var imports = cwasmtime_imports()
        cwasmtime_module_imports(module, &imports)
        for index in 0..<imports.size {
            let entry = imports.data[index]
            let type = cwasmtime_importtype_type(entry)
            let from = cwasmtime_importtype_module(entry).map { String($0.pointee) } ?? ""
            let name = cwasmtime_importtype_name(entry).map { String($0.pointee) } ?? ""
            switch Int(cwasmtime_externtype_kind(type)) {
            case cwasmtime_extern_func:
                importedFunctions.append(ModuleFunction(module: from, name: name, type: FunctionType(extern: type)))
            case cwasmtime_extern_memory:
                others.append("\(from).\(name) (memory)")
                if let copy = cwasmtime_memorytype_copy(cwasmtime_externtype_as_memorytype_const(type)) {
                    importedMemories.append(ImportedMemory(module: from, name: name, type: copy))
                }
            case cwasmtime_extern_global: others.append("\(from).\(name) (global)")
            case cwasmtime_extern_table: others.append("\(from).\(name) (table)")
            default: others.append("\(from).\(name) (tag)")
            }
        }
        cwasmtime_importtype_vec_delete(&imports)
        self.importedFunctions = importedFunctions
        self.importedMemories = importedMemories
        self.otherImports = others
    }

    deinit {
        for memory in self.importedMemories { cwasmtime_memorytype_delete(memory.type) }
        cwasmtime_module_delete(self.module)
    }

    /// Hands over the compiled code; not called when the engine cannot give it.
    func withSerialized(_ body: (UnsafeRawBufferPointer) -> Void) {
        var bytes = cwasmtime_bytes()
        if let error = cwasmtime_module_serialize(self.module, &bytes) {
            cwasmtime_error_delete(error)
            return
        }
        body(UnsafeRawBufferPointer(start: bytes.data, count: bytes.size))
        cwasmtime_byte_vec_delete(&bytes)
    }

    func link(_ functions: [HostFunction]) throws(EngineError) -> any LinkedModule {
        try WasmtimeLinkedModule(self, functions)
    }
}

extension FunctionType {
    /// The type of an import or export of kind function.
    init(extern type: OpaquePointer?) {
        let function = cwasmtime_externtype_as_functype_const(type)
        self.init(
            Self.values(cwasmtime_functype_params(function)),
            Self.values(cwasmtime_functype_results(function))
        )
    }

    private static func values(_ types: UnsafePointer<cwasmtime_valtypes>?) -> [ValueType] {
        guard let types = types?.pointee else { return [] }
        return (0..<types.size).map { index in
            switch Int(cwasmtime_valtype_kind(types.data[index])) {
            case cwasmtime_value_i32: .i32
            case cwasmtime_value_i64: .i64
            case cwasmtime_value_f32: .f32
            case cwasmtime_value_f64: .f64
            default: .other
            }
        }
    }

    /// As the text format writes it: `(i32, i32) -> i32`.
    var text: String {
        let parameters = self.parameters.map(\.text).joined(separator: ", ")
        let results = self.results.map(\.text)
        return "(\(parameters)) -> \(results.count == 1 ? results[0] : "(\(results.joined(separator: ", ")))")"
    }
}

extension ValueType {
    var text: String {
        switch self {
        case .i32: "i32"
        case .i64: "i64"
        case .f32: "f32"
        case .f64: "f64"
        case .other: "other"
        }
    }
}
