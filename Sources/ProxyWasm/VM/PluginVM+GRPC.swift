// What a plugin's gRPC calls come to, told to its root context.

extension PluginVM {
    /// `proxy_on_grpc_receive_initial_metadata`. Streams only.
    public func grpcInitialMetadata(token: UInt32, _ metadata: HeaderMap) {
        self.deliver(.initialMetadata(metadata), token: token)
    }

    /// `proxy_on_grpc_receive`: a message without its framing. Of a unary call it is the end.
    public func grpcMessage(token: UInt32, _ message: any BodyBuffer) {
        self.deliver(.message(message), token: token)
    }

    /// `proxy_on_grpc_receive_trailing_metadata`. Streams only.
    public func grpcTrailingMetadata(token: UInt32, _ metadata: HeaderMap) {
        self.deliver(.trailingMetadata(metadata), token: token)
    }

    /// `proxy_on_grpc_close`: the peer has ended, or the call has failed. `status`: 0…16 of the gRPC
    /// specification, or 0xFFFFFFFF for none of these.
    public func grpcClosed(token: UInt32, status: UInt32, message: [UInt8]) {
        self.deliver(.closed(status: status, message: message), token: token)
    }

    /// An unknown token (cancelled meanwhile) is ignored.
    func deliver(_ event: GRPCEvent, token: UInt32) {
        guard !self.isGuestRunning else { return self.later(.grpc(token: token, event)) }
        guard let entry = self.grpc.entries[token], !entry.isClosedByPeer else { return }
        let plugin = entry.plugin
        let isCall = GRPCTable.isCall(token)
        var shown = GRPCTable.Shown(plugin: plugin)
        let function: GuestFunction?
        let name: StaticString
        let argument: Int
        switch event {
        case .initialMetadata(let metadata):
            guard !isCall else { return }
            (function, name) = (self.exports.grpcInitialMetadata, "proxy_on_grpc_receive_initial_metadata")
            shown.mapType = .grpcReceiveInitialMetadata
            shown.map = metadata
            argument = metadata.count
        case .trailingMetadata(let metadata):
            guard !isCall else { return }
            (function, name) = (self.exports.grpcTrailingMetadata, "proxy_on_grpc_receive_trailing_metadata")
            shown.mapType = .grpcReceiveTrailingMetadata
            shown.map = metadata
            argument = metadata.count
        case .message(let message):
            (function, name) = (self.exports.grpcReceive, "proxy_on_grpc_receive")
            shown.message = message
            argument = message.count
            if isCall {
                self.grpc.remove(token)
                self.lastStatusCode = 0
                self.lastStatusMessage = []
            }
        case .closed(let status, let message):
            (function, name) = (self.exports.grpcClose, "proxy_on_grpc_close")
            argument = Int(status)
            self.lastStatusCode = status
            self.lastStatusMessage = message
            if isCall { self.grpc.remove(token) } else { self.grpc.closedByPeer(token) }
        }
        guard plugin.state != .gone, let function else { return }
        self.grpc.shown = shown
        self.slots[0] = RawValue(i32: plugin.id)
        self.slots[1] = RawValue(i32: token)
        self.slots[2] = RawValue(i32: UInt32(clamping: argument))
        _ = self.invoke(function, name, plugin: plugin, count: 3)
        self.grpc.shown = nil
        self.drain()
    }

    /// The plugin is gone: what it still has going is reset.
    func cancelGRPC(of plugin: PluginContext) {
        for (token, entry) in self.grpc.entries where entry.plugin === plugin {
            self.grpc.remove(token)
            if !entry.isClosedByPeer { self.host.grpc?.cancelGRPC(token: token) }
        }
    }
}
