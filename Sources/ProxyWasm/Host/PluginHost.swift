// PORT 2, the part that outlives a stream: one per plugin VM.

/// What the proxy provides to a plugin VM, on the VM's worker.
public protocol PluginHost: AnyObject {
    /// Lines below this are not handed to `log`.
    var logLevel: LogLevel { get }
    /// A line of the plugin's own (`proxy_log`, stdout, stderr) or of the VM about it. `plugin` is nil
    /// while the module starts. The bytes are any bytes: the host escapes what would break its log.
    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer)
    /// Nanoseconds since the Unix epoch.
    func currentTimeNanoseconds() -> UInt64
    /// Nanoseconds of a clock that never goes back.
    func monotonicTimeNanoseconds() -> UInt64
    /// Fills with random bytes.
    func fillRandom(_ target: UnsafeMutableRawBufferPointer)
    /// Call `plugin.vm.tick(plugin)` every so often; 0 stops. Replaces an earlier period.
    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext)
    /// Start an HTTP call to a cluster. Any status but `.ok` means it has not started and no response
    /// will be delivered. Deliver exactly one `vm.httpCallResponse(...)` later, never inside this call.
    /// `headers`, `trailers` are valid during the call only. `timeoutMilliseconds` 0: none.
    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status
    /// The plugin is gone: forget the call, deliver nothing.
    func cancelHTTPCall(token: UInt32)
    /// Look a host name up: its IPv6 addresses if there are any, else the IPv4 ones. It has no NUL, but may be none: an
    /// empty one has no address, and of one that is longer than 255 bytes, which cannot be resolved, the first 256 are
    /// given. Any status but `.ok` means that there will be no answer. Deliver exactly one `vm.nameResolved(...)` later,
    /// never inside this call. `name` is valid during the call only. The default: UNIMPLEMENTED.
    func startNameLookup(token: UInt32, plugin: PluginContext, name: UnsafeRawBufferPointer) -> Status
    /// The plugin is gone: forget the lookup, deliver nothing.
    func cancelNameLookup(token: UInt32)
    /// Makes gRPC calls; nil (the default): plugins cannot make any.
    var grpc: (any GRPCHost)? { get }
    /// An attribute outside any stream (section 2.10); `plugin_*` never get here.
    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status
    /// What plugins may call by name, beside the few functions that every host has. Nil (the default): nothing.
    var foreignFunctions: (any ForeignFunctionProvider)? { get }
    /// The VM is dead (`vm.failure` says why). Called once, after the guest is off the stack.
    func vmDidFail(_ vm: PluginVM)
    /// The plugin's root context is gone: after `PluginVM.retire` or `end`, or when a plugin that had answered false
    /// to `proxy_on_done` has called `proxy_done`, or did not start. The VM may be in use: end it later if at all.
    func pluginDidEnd(_ plugin: PluginContext)
    /// Called from any thread when a queue of this VM's has a new item: make the worker call
    /// `vm.deliverQueueEvents()` soon. Nil (the default): notifications wait for the VM's next callback.
    var queueWaker: (@Sendable () -> Void)? { get }
}

extension PluginHost {
    public var grpc: (any GRPCHost)? { nil }
    public func startNameLookup(token: UInt32, plugin: PluginContext, name: UnsafeRawBufferPointer) -> Status {
        // What hosts without a resolver answer; the gateway has one.
        .unimplemented
    }
    public func cancelNameLookup(token: UInt32) {}
    public var queueWaker: (@Sendable () -> Void)? { nil }
    public var foreignFunctions: (any ForeignFunctionProvider)? { nil }
    public func pluginDidEnd(_ plugin: PluginContext) {}
}
