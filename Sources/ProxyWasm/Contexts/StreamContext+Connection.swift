// The callbacks of a connection. (Its end is `finish`.)

extension StreamContext {
    /// `proxy_on_new_connection`. Pausing keeps the later filters, and with them the server, waiting for
    /// `proxy_continue_stream(2)`.
    public func onNewConnection() -> CallbackResult<NetworkStatus> {
        self.withUsableVM { vm, plugin in
            guard let function = vm.exports.newConnection else { return .status(.continue) }
            vm.slots[0] = RawValue(i32: self.id)
            guard
                let raw = vm.invoke(
                    function, "proxy_on_new_connection", plugin: plugin, stream: self, direction: .downstream, count: 1)
            else { return self.fail(vm) }
            return self.conclude(vm, raw, holding: nil)
        }
    }

    /// `proxy_on_downstream_data`: buffer 2 shows `size` bytes. `endOfStream`: the client sends no more.
    public func onDownstreamData(size: Int, endOfStream: Bool) -> CallbackResult<NetworkStatus> {
        self.onData(.downstream, .downstreamData, "proxy_on_downstream_data", { $0.downstreamData }, size, endOfStream)
    }

    /// `proxy_on_upstream_data`: buffer 3 shows `size` bytes. `endOfStream`: the server sends no more.
    public func onUpstreamData(size: Int, endOfStream: Bool) -> CallbackResult<NetworkStatus> {
        self.onData(.upstream, .upstreamData, "proxy_on_upstream_data", { $0.upstreamData }, size, endOfStream)
    }

    /// `proxy_on_downstream_connection_close`; `finish` follows at once.
    public func onDownstreamConnectionClose(_ peer: PeerType) {
        self.onClose("proxy_on_downstream_connection_close", { $0.downstreamClose }, peer)
    }

    /// `proxy_on_upstream_connection_close`, after the data callback that saw the end of the stream.
    public func onUpstreamConnectionClose(_ peer: PeerType) {
        self.onClose("proxy_on_upstream_connection_close", { $0.upstreamClose }, peer)
    }

    /// Whether the plugin has a data callback for that direction. False: the host may pass bytes by it without
    /// asking. True for a dead VM, so that the host asks and hears of it.
    public func handlesData(_ type: StreamType) -> Bool {
        guard let vm = self.vm, vm.isUsable else { return true }
        return type == .downstream ? vm.exports.downstreamData != nil : vm.exports.upstreamData != nil
    }

    private typealias Export = (borrowing GuestExports) -> GuestFunction?

    private func onData(
        _ direction: PluginVM.Direction,
        _ buffer: BufferType,
        _ name: StaticString,
        _ export: Export,
        _ size: Int,
        _ endOfStream: Bool
    ) -> CallbackResult<NetworkStatus> {
        self.withUsableVM { vm, plugin in
            guard let function = export(vm.exports) else { return .status(.continue) }
            self.body |= 1 << UInt8(buffer.rawValue)
            vm.slots[0] = RawValue(i32: self.id)
            vm.slots[1] = RawValue(i32: UInt32(clamping: size))
            vm.slots[2] = RawValue(i32: endOfStream ? 1 : 0)
            guard let raw = vm.invoke(function, name, plugin: plugin, stream: self, direction: direction, count: 3)
            else { return self.fail(vm) }
            return self.conclude(vm, raw, holding: buffer)
        }
    }

    private func onClose(_ name: StaticString, _ export: Export, _ peer: PeerType) {
        guard let vm = self.vm, let plugin = self.plugin, self.isLive, let function = export(vm.exports) else { return }
        vm.slots[0] = RawValue(i32: self.id)
        vm.slots[1] = RawValue(i32: peer.rawValue)
        _ = vm.invoke(function, name, plugin: plugin, stream: self, count: 2)
        vm.drain()
    }

    /// `buffer` stays open while the guest holds it.
    private func conclude(_ vm: PluginVM, _ raw: UInt32, holding buffer: BufferType?) -> CallbackResult<NetworkStatus> {
        let status: NetworkStatus = raw == 0 || self.isContinueRequested ? .continue : .stopIteration
        self.isContinueRequested = false
        if status == .continue, let buffer { self.body &= ~(1 << UInt8(buffer.rawValue)) }
        vm.settle(self)
        return vm.failure == nil ? .status(status) : .failed
    }
}
