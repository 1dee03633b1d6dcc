/// The plugin and, in a stream's callback, the stream that a guest call is about.
///
/// References are not counted: set and read several times per callback, and both contexts outlive the guest's
/// being on the stack (their ends are deferred until it is off).
struct CallScope {
    let pluginReference: Unmanaged<PluginContext>?
    let streamReference: Unmanaged<StreamContext>?

    init() {
        self.pluginReference = nil
        self.streamReference = nil
    }

    @inline(__always)
    init(_ plugin: PluginContext?, _ stream: StreamContext?) {
        self.pluginReference = plugin.map(Unmanaged.passUnretained)
        self.streamReference = stream.map(Unmanaged.passUnretained)
    }

    var plugin: PluginContext? { self.pluginReference?.takeUnretainedValue() }
    var stream: StreamContext? { self.streamReference?.takeUnretainedValue() }
}

extension PluginVM {
    /// Whose callback runs.
    var currentPlugin: PluginContext? { self.current.plugin }
    var currentStream: StreamContext? { self.current.stream }
    /// Whom hostcalls act on: the same, unless `proxy_set_effective_context` says otherwise.
    var effectivePlugin: PluginContext? { self.effective.plugin }
    var effectiveStream: StreamContext? { self.effective.stream }
}
