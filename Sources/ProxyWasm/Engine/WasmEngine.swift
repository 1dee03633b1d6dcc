// PORT 1: what ProxyWasm asks of a WebAssembly engine. `WasmtimeEngine` fills it.

/// Compiles modules. Shared by all workers.
public protocol WasmEngine: AnyObject, Sendable {
    /// Compiles (or loads from the engine's cache) a module's bytes. Slow: never on an event loop.
    func compile(_ bytes: [UInt8]) throws(EngineError) -> any WasmModule
    /// Name and version, for logs.
    var description: String { get }
}

/// A function import or export of a module, in the module's own order.
public struct ModuleFunction: Sendable, Equatable {
    /// Import module name (`env`, `wasi_snapshot_preview1`); empty for exports.
    public var module: String
    public var name: String
    public var type: FunctionType

    public init(module: String = "", name: String, type: FunctionType) {
        self.module = module
        self.name = name
        self.type = type
    }
}

/// Compiled code, shared by all workers.
public protocol WasmModule: AnyObject, Sendable {
    /// Function exports in export-section order.
    var exportedFunctions: [ModuleFunction] { get }
    /// Function imports in import-section order.
    var importedFunctions: [ModuleFunction] { get }
    /// Imports that are not functions ("env.memory (memory)"), for error messages.
    var otherImports: [String] { get }

    /// Links the imports, once per module. Every function import must be in `functions`
    /// (same module, name and exact type), else `EngineError.link`.
    func link(_ functions: [HostFunction]) throws(EngineError) -> any LinkedModule
}

/// A module whose imports are resolved: ready to make instances quickly.
public protocol LinkedModule: AnyObject, Sendable {
    /// Makes an instance with its own memory. Runs the wasm start section, if any, so `host` must be
    /// ready to serve hostcalls. `host` is kept unowned and handed to every `HostFunction` body.
    func instantiate(limits: VMLimits, host: AnyObject) throws(EngineError) -> any WasmInstance
}

/// An exported function of one instance, resolved once.
public struct GuestFunction: Sendable {
    /// The engine's own index of it.
    public let index: Int
    /// What its calls are counted as.
    var callback = PluginCallback.other
    public init(index: Int) { self.index = index }
}

/// One instance. Entered by one thread only; not Sendable.
public protocol WasmInstance: AnyObject {
    /// The function export of that name and type; nil when absent or of another type.
    func function(named name: String, type: FunctionType) -> GuestFunction?

    /// Calls into the guest. `values` holds the arguments and receives the results; it must have room
    /// for the larger of both. Reentrant: a hostcall may call the guest's allocator. False: the guest
    /// trapped, and `takeTrap` says why.
    func call(_ function: GuestFunction, _ values: UnsafeMutablePointer<RawValue>, count: Int) -> Bool

    /// Why the last call that answered false did; to be asked once, at once.
    func takeTrap() -> TrapReport

    /// Where the instance keeps its view of the guest's memory (empty when the module has none). The address stays
    /// the same; the view can be used whenever the guest does not run, inside hostcalls, too. So a hostcall reads it
    /// without a call; after calling the guest's allocator it must be read again. To ask for it brings it up to date.
    var memoryView: UnsafePointer<GuestMemory> { get }

    /// Another `VMLimits.startDeadlineMilliseconds` from now on, for a plugin that joins a running VM.
    func setStartDeadline(milliseconds: UInt32)

    /// Where the engine leaves what it has noticed of an outermost call that took long. The address stays the same;
    /// who has looked sets it back. Nil (the default): it notices nothing.
    var lateCall: UnsafeMutablePointer<LateCall>? { get }

    /// CPU time of the calling thread. 0 (the default): not known.
    func cpuTimeNanoseconds() -> UInt64
}

extension WasmInstance {
    public func setStartDeadline(milliseconds: UInt32) {}
    public var lateCall: UnsafeMutablePointer<LateCall>? { nil }
    public func cpuTimeNanoseconds() -> UInt64 { 0 }

    /// The guest's memory as it is now; to be read again after the guest has run.
    public var memory: GuestMemory { self.memoryView.pointee }
}

/// Why a guest stopped.
public struct TrapReport: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// `unreachable`, out of bounds, division by zero, stack overflow, …
        case trap
        /// The callback used more CPU time than its deadline allows.
        case deadline
        /// A hostcall asked for the trap (`HostcallExit.trap`), e.g. `proc_exit`.
        case host
    }
    public var kind: Kind
    /// Engine's reason, one line, e.g. `wasm trap: wasm \`unreachable\` instruction executed`.
    public var message: String
    /// Guest frames, innermost first, at most 20.
    public var backtrace: [String]

    public init(kind: Kind, message: String, backtrace: [String] = []) {
        self.kind = kind
        self.message = message
        self.backtrace = backtrace
    }
}

/// One hostcall: where it is imported from, its exact type, and what it does.
public struct HostFunction: Sendable {
    public var module: String
    public var name: String
    public var type: FunctionType
    public var body: HostFunctionBody

    public init(module: String, name: String, type: FunctionType, body: @escaping HostFunctionBody) {
        self.module = module
        self.name = name
        self.type = type
        self.body = body
    }
}

/// Runs on the worker's thread. `host` is the object given to `instantiate` (the `PluginVM`);
/// `values` holds the arguments and receives the result at index 0.
public typealias HostFunctionBody =
    @Sendable (_ host: AnyObject, _ values: UnsafeMutablePointer<RawValue>) -> HostcallExit

/// How a hostcall ends.
public enum HostcallExit: Sendable {
    case returned
    /// Stop the guest: unwinds to the outermost `call`, which reports `TrapReport.Kind.host`.
    case trap(String)
}

/// What can go wrong before a guest runs.
public enum EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The engine's library is missing or unusable; says where it was looked for and how to get it.
    case unavailable(String)
    /// Not wasm, corrupt, or uses a feature that is switched off.
    case invalidModule(String)
    /// An import is unknown or has another type.
    case link(String)
    /// Instantiation failed: memory limit, start function trapped.
    case instantiation(String)

    public var description: String {
        switch self {
        case .unavailable(let text), .invalidModule(let text), .link(let text), .instantiation(let text): text
        }
    }
}
