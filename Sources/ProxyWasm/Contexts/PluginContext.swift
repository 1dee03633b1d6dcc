/// A root context: one plugin (code and configuration) on one VM.
public final class PluginContext {
    enum State {
        case starting
        case live
        /// `proxy_on_done` answered false; it ends with `proxy_done`.
        case pendingDone
        case gone
    }

    static let maximumProperties = 1000
    static let maximumPropertyBytes = 1 << 20

    /// The guest's number for this context.
    public let id: UInt32
    public let definition: PluginDefinition
    /// The VM owns its plugins.
    public unowned(unsafe) let vm: PluginVM
    /// Where its use is counted.
    public let account: PluginAccount
    /// The account's, at hand: calls by callback.
    let calls: UnsafeMutablePointer<UInt64>
    /// HTTP calls without a response yet.
    var httpCalls = 0
    /// gRPC calls and streams that are open.
    var grpcCalls = 0
    /// Names being resolved.
    var nameLookups = 0

    @exclusivity(unchecked) var state = State.starting
    /// `proxy_done` has been called; the end is queued.
    var isDeleteQueued = false
    /// Buffer 7 is readable: during creation and `proxy_on_configure`.
    @exclusivity(unchecked) var showsConfiguration = false
    /// What the plugin stored outside any stream.
    private var properties: [[UInt8]: StoredProperty] = [:]
    private var propertyBytes = 0
    /// What the plugin has said of properties it sets, by path.
    private(set) var declarations: [[UInt8]: PropertyDeclaration] = [:]
    private var states: [ObjectIdentifier: AnyObject] = [:]

    private struct StoredProperty {
        var value: [UInt8]
        var declaration: PropertyDeclaration
    }

    init(id: UInt32, definition: PluginDefinition, vm: PluginVM, account: PluginAccount) {
        self.id = id
        self.definition = definition
        self.vm = vm
        self.account = account
        self.calls = account.calls
    }

    /// A new stream's context; the guest's `proxy_on_context_create` runs in here. On a failed VM the context
    /// exists, but its callbacks answer `.failed`. The context keeps the VM; as for the rest, see `begin`.
    public func makeStream(host: any StreamHost) -> StreamContext {
        let stream = StreamContext()
        stream.owner = self.vm
        self.begin(stream, host: host)
        return stream
    }

    /// Begins a new stream with a context that no stream uses now, so that nothing is allocated.
    ///
    /// Until `finish` has returned, `host` and the plugin's VM must live, and somebody must keep `stream`.
    /// - Parameters:
    ///   - requestHeaders: The stream's request headers, if they are one object for its whole life: then hostcalls
    ///     need not ask the host for them.
    ///   - responseHeaders: As above. Looked at from the response headers' callback on.
    public func begin(
        _ stream: StreamContext,
        host: any StreamHost,
        requestHeaders: HeaderMap? = nil,
        responseHeaders: HeaderMap? = nil
    ) {
        Unmanaged.passUnretained(self.vm)._withUnsafeGuaranteedRef { vm in
            stream.begin(id: vm.nextContextID(), plugin: self, vm: vm, host: host)
            stream.requestHeaders = requestHeaders.map(Unmanaged.passUnretained)
            stream.responseHeaders = responseHeaders.map(Unmanaged.passUnretained)
            vm.streams.insert(stream)
            guard vm.isUsable, self.state != .gone else { return }
            stream.isCreated = true
            if let function = vm.exports.contextCreate {
                vm.slots[0] = RawValue(i32: stream.id)
                vm.slots[1] = RawValue(i32: self.id)
                _ = vm.invoke(function, "proxy_on_context_create", plugin: self, stream: stream, count: 2)
            }
            stream.isLive = !stream.isOverBudget
            vm.settle(stream)
        }
    }

    /// Begins a connection with a context that no connection uses now; what `begin` says about lifetimes holds.
    public func beginConnection(_ connection: StreamContext, host: any ConnectionHost) {
        connection.isConnection = true
        self.begin(connection, host: host)
    }

    func property(_ path: [UInt8]) -> AttributeValue? {
        self.properties[path].map { $0.declaration.value($0.value) }
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration = .init()) -> Status {
        let old = self.properties[path]
        if let old, old.declaration.isReadOnly { return .badArgument }
        let bytes = self.propertyBytes + value.count - (old?.value.count ?? -path.count)
        guard bytes <= Self.maximumPropertyBytes, old != nil || self.properties.count < Self.maximumProperties else {
            return .internalFailure
        }
        self.propertyBytes = bytes
        self.properties[path] = StoredProperty(value: value, declaration: old?.declaration ?? declaration)
        return .ok
    }

    /// Says what the properties of that path will be (`declare_property`): `.badArgument` when that is said already.
    public func declareProperty(_ path: [UInt8], _ declaration: PropertyDeclaration) -> Status {
        guard self.declarations[path] == nil else { return .badArgument }
        guard self.declarations.count < Self.maximumProperties else { return .internalFailure }
        self.declarations[path] = declaration
        return .ok
    }

    /// What a foreign function keeps for this plugin, one of each type; made when first asked for, gone with the
    /// plugin.
    public func state<State: AnyObject>(_ make: () -> State) -> State {
        if let state = self.states[ObjectIdentifier(State.self)] as? State { return state }
        let state = make()
        self.states[ObjectIdentifier(State.self)] = state
        return state
    }
}

@available(*, unavailable)
extension PluginContext: Sendable {}
