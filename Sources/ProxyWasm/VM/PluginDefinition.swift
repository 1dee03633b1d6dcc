/// Everything a plugin is started with: what the ABI shows it and what bounds it.
public struct PluginDefinition: Sendable, Equatable {
    /// Shown in logs and as `plugin_name`: `namespace.name`.
    public var name: String
    /// `plugin_root_id`: picks a factory in the module.
    public var rootID: String
    /// `plugin_vm_id`: the key space of shared data and queues.
    public var vmID: String
    /// Buffer 6.
    public var vmConfiguration: [UInt8]
    /// Buffer 7 (JSON text for a WasmPlugin).
    public var configuration: [UInt8]
    /// WASI environment, in order; never the process's own.
    public var environment: [EnvironmentVariable]
    public var limits: VMLimits
    /// Let a headers callback hold headers while the plugin reads the body.
    public var allowOnHeadersStopIteration: Bool
    /// Names of the functions that the plugin may import (`proxy_log`, `fd_write`) and of the callbacks it is called
    /// with (`proxy_on_tick`); empty: all. Start functions, the allocator and what is not of the ABI are never refused.
    public var allowedCapabilities: [String]

    public struct EnvironmentVariable: Sendable, Equatable {
        public var name: String
        public var value: String
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        name: String,
        rootID: String = "",
        vmID: String = "",
        vmConfiguration: [UInt8] = [],
        configuration: [UInt8] = [],
        environment: [EnvironmentVariable] = [],
        limits: VMLimits = VMLimits(),
        allowOnHeadersStopIteration: Bool = false,
        allowedCapabilities: [String] = []
    ) {
        self.name = name
        self.rootID = rootID
        self.vmID = vmID
        self.vmConfiguration = vmConfiguration
        self.configuration = configuration
        self.environment = environment
        self.limits = limits
        self.allowOnHeadersStopIteration = allowOnHeadersStopIteration
        self.allowedCapabilities = allowedCapabilities
    }
}

/// Why a plugin cannot serve. `kind` is stable, `message` is for people.
public struct PluginFailure: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        /// The module is not wasm, corrupt, has no ABI marker or no allocator, or imports unknown functions.
        case module
        /// Instantiation or `_initialize`/`_start` failed.
        case start
        /// `proxy_on_vm_start` answered false.
        case vmStart
        /// `proxy_on_configure` answered false.
        case configure
        /// A trap in a callback.
        case trap
        /// A callback used more CPU time than allowed.
        case deadline
    }
    public var kind: Kind
    public var message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { self.message }
}
