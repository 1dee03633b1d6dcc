// Root contexts: start, events, end.

extension PluginVM {
    /// Creates the plugin's root context and starts it: create, `proxy_on_vm_start`, `proxy_on_configure`.
    /// When the guest refuses, the plugin is not usable, but the VM and its other plugins are. When it
    /// traps, the VM is dead; `vmDidFail` is called only if other plugins were using it.
    /// - Parameters:
    ///   - account: Where the plugin's use is counted; nil: the VM's.
    ///   - validates: Asks `proxy_validate_configuration` first, as hosts do on trial.
    public func startPlugin(
        _ definition: PluginDefinition,
        account: PluginAccount? = nil,
        validates: Bool = false
    ) throws(PluginFailure) -> PluginContext {
        if let failure = self.failure { throw failure }
        guard self.isUsable, !self.isGuestRunning else {
            throw PluginFailure(.start, "plugin \(definition.name): the VM is shut down or busy")
        }
        // The same plugin again: it has its root context already (reference: plugin key).
        if let running = self.plugins.first(where: { $0.definition == definition && $0.state == .live }) {
            return running
        }
        self.updateTracing()
        if let deadline = definition.limits.startDeadlineMilliseconds {
            self.instance.setStartDeadline(milliseconds: deadline)
        }
        let plugin = PluginContext(
            id: self.nextContextID(),
            definition: definition,
            vm: self,
            account: account ?? self.account
        )
        self.plugins.append(plugin)
        var refusal: PluginFailure?
        if let function = self.exports.contextCreate {
            self.slots[0] = RawValue(i32: plugin.id)
            self.slots[1] = RawValue(i32: 0)
            plugin.showsConfiguration = true
            _ = self.invoke(function, "proxy_on_context_create", plugin: plugin, count: 2)
            plugin.showsConfiguration = false
        }
        if self.failure == nil, let function = self.exports.vmStart {
            self.slots[0] = RawValue(i32: plugin.id)
            self.slots[1] = RawValue(i32: UInt32(clamping: definition.vmConfiguration.count))
            if self.invoke(function, "proxy_on_vm_start", plugin: plugin, count: 2) == 0 {
                refusal = PluginFailure(.vmStart, "plugin \(definition.name): proxy_on_vm_start answered false")
            }
        }
        if validates, refusal == nil, let function = self.exports.validateConfiguration {
            refusal = self.configure(plugin, function, "proxy_validate_configuration")
        }
        if refusal == nil, let function = self.exports.configure {
            refusal = self.configure(plugin, function, "proxy_on_configure")
        }
        if let failure = refusal ?? self.failure {
            self.forget(plugin)
            if self.plugins.isEmpty { self.owesFailureNotice = false }
            self.drain()
            throw failure
        }
        plugin.state = .live
        self.drain()
        return plugin
    }

    private func configure(
        _ plugin: PluginContext,
        _ function: GuestFunction,
        _ name: StaticString
    ) -> PluginFailure? {
        guard self.failure == nil else { return nil }
        self.slots[0] = RawValue(i32: plugin.id)
        self.slots[1] = RawValue(i32: UInt32(clamping: plugin.definition.configuration.count))
        plugin.showsConfiguration = true
        defer { plugin.showsConfiguration = false }
        guard self.invoke(function, name, plugin: plugin, count: 2) == 0 else { return nil }
        return PluginFailure(
            .configure,
            "plugin \(plugin.definition.name): \(name) answered false: it refused its configuration"
        )
    }

    /// `proxy_on_tick`; nothing when the VM or the plugin is gone.
    public func tick(_ plugin: PluginContext) {
        guard plugin.state != .gone, let function = self.exports.tick else { return }
        self.updateTracing()
        self.slots[0] = RawValue(i32: plugin.id)
        _ = self.invoke(function, "proxy_on_tick", plugin: plugin, count: 1)
        self.drain()
    }

    /// `proxy_on_http_call_response`, in the root context, for a call started earlier. `headers` nil:
    /// the call failed. An unknown token (cancelled meanwhile) is ignored.
    public func httpCallResponse(
        token: UInt32,
        headers: HeaderMap?,
        body: (any BodyBuffer)?,
        trailers: HeaderMap?
    ) {
        guard !self.isGuestRunning else {
            self.later(.callResponse(token: token, headers: headers, body: body, trailers: trailers))
            return
        }
        guard let plugin = self.calls.removeValue(forKey: token) else { return }
        plugin.httpCalls -= 1
        guard plugin.state != .gone, let function = self.exports.httpCallResponse else { return }
        self.lastStatusCode = headers == nil ? Status.brokenConnection.rawValue : 0
        self.lastStatusMessage = headers == nil ? Array("reset".utf8) : []
        self.callPlugin = plugin
        self.callHeaders = headers
        self.callBody = headers == nil ? nil : body
        self.callTrailers = headers == nil ? nil : trailers
        self.slots[0] = RawValue(i32: plugin.id)
        self.slots[1] = RawValue(i32: token)
        self.slots[2] = RawValue(i32: UInt32(clamping: headers?.count ?? 0))
        self.slots[3] = RawValue(i32: UInt32(clamping: self.callBody?.count ?? 0))
        self.slots[4] = RawValue(i32: UInt32(clamping: self.callTrailers?.count ?? 0))
        _ = self.invoke(function, "proxy_on_http_call_response", plugin: plugin, count: 5)
        self.callPlugin = nil
        self.callHeaders = nil
        self.callBody = nil
        self.callTrailers = nil
        self.drain()
    }

    /// Delivers queue notifications that other threads have left. Call it on the VM's worker after
    /// `PluginHost.queueWaker` has run.
    public func deliverQueueEvents() {
        self.deliversQueueEvents = true
        self.needsAttention = true
        self.drain()
        self.deliversQueueEvents = false
    }

    func queueReady(_ event: QueueEvent) {
        guard let plugin = self.plugin(event.contextID), let function = self.exports.queueReady else { return }
        self.slots[0] = RawValue(i32: plugin.id)
        self.slots[1] = RawValue(i32: event.queueID)
        _ = self.invoke(function, "proxy_on_queue_ready", plugin: plugin, count: 2)
    }

    /// Asks all roots to end: `proxy_on_done`, then `proxy_on_delete` where it answered true. A root
    /// that answered false keeps its ticks and call responses until it calls `proxy_done`.
    /// - Returns: true when no root is left; else call `shutDown` once `hasPlugins` is false, or late enough.
    @discardableResult
    public func retire() -> Bool {
        for plugin in self.plugins { self.askToEnd(plugin) }
        self.drain()
        return self.plugins.isEmpty
    }

    /// The same for one root; the VM and its other plugins go on. Its streams should have ended.
    /// - Returns: true when the root is gone; else `PluginHost.pluginDidEnd` tells, or call `end` late enough.
    @discardableResult
    public func retire(_ plugin: PluginContext) -> Bool {
        guard plugin.vm === self, !self.isGuestRunning else { return false }
        self.askToEnd(plugin)
        self.drain()
        return plugin.state == .gone
    }

    /// `proxy_on_delete` of one root now, whatever it answered to `proxy_on_done`; its calls and ticks end.
    public func end(_ plugin: PluginContext) {
        guard plugin.vm === self, !self.isGuestRunning else { return }
        self.askToEnd(plugin)
        self.delete(plugin)
        self.drain()
    }

    private func askToEnd(_ plugin: PluginContext) {
        guard plugin.state == .live else { return }
        if self.done(plugin) {
            self.delete(plugin)
        } else {
            plugin.state = .pendingDone
        }
    }

    /// Ends the VM now: `proxy_on_done` and `proxy_on_delete` of all roots (if healthy), calls cancelled,
    /// ticks stopped. No guest call after that.
    public func shutDown() {
        guard !self.isGuestRunning else { return }
        for plugin in self.plugins {
            if plugin.state == .live { _ = self.done(plugin) }
            self.delete(plugin)
        }
        self.isUsable = false
        self.drain()
        self.streams.removeAll()
    }

    private func done(_ plugin: PluginContext) -> Bool {
        guard let function = self.exports.done else { return true }
        self.slots[0] = RawValue(i32: plugin.id)
        return self.invoke(function, "proxy_on_done", plugin: plugin, count: 1) != 0
    }

    /// `proxy_on_delete` of a root, and everything it still had going.
    func delete(_ plugin: PluginContext) {
        guard plugin.state != .gone else { return }
        // From now on `proxy_done` is NOT_FOUND.
        plugin.isDeleteQueued = true
        if let function = self.exports.delete {
            self.slots[0] = RawValue(i32: plugin.id)
            _ = self.invoke(function, "proxy_on_delete", plugin: plugin, count: 1)
        }
        self.forget(plugin)
    }

    private func forget(_ plugin: PluginContext) {
        plugin.state = .gone
        self.host.setTickPeriod(milliseconds: 0, plugin: plugin)
        for (token, owner) in self.calls where owner === plugin {
            self.calls[token] = nil
            self.host.cancelHTTPCall(token: token)
        }
        self.cancelGRPC(of: plugin)
        self.cancelLookups(of: plugin)
        self.plugins.removeAll { $0 === plugin }
        // Streams refer to their root without keeping it.
        self.departed.append(plugin)
        self.departed.removeAll { !self.streams.hasStreams(of: $0) }
        self.host.pluginDidEnd(plugin)
    }
}
