// PORT 2, gRPC calls of plugins. A proxy that cannot make them leaves `PluginHost.grpc` nil: then every call of a
// plugin says UNIMPLEMENTED.

/// Makes gRPC calls for plugins, on the VM's worker.
///
/// Tokens are the VM's. Whatever comes of a call is told to the VM later, never from inside one of these functions, and
/// never while the guest is on the stack: `vm.grpcInitialMetadata`, `grpcMessage`, `grpcTrailingMetadata`, `grpcClosed`.
public protocol GRPCHost: AnyObject {
    /// Begin a unary call. `.parseFailure`: there is no such upstream. Any status but `.ok` means that nothing was
    /// begun and nothing will be told. Else tell exactly one of `vm.grpcMessage` (the call went well) and
    /// `vm.grpcClosed`. `message` is valid during the call only, so is what `request` points to.
    /// `timeoutMilliseconds` 0: none.
    func startGRPCCall(
        token: UInt32,
        plugin: PluginContext,
        request: GRPCRequest,
        message: UnsafeRawBufferPointer,
        timeoutMilliseconds: UInt32
    ) -> Status
    /// Open a stream. Tell `vm.grpcClosed` once, last.
    func startGRPCStream(token: UInt32, plugin: PluginContext, request: GRPCRequest) -> Status
    /// A message, or the end of our side, or both, on a stream whose peer has not closed. `message` is valid during the
    /// call only.
    func sendGRPCMessage(token: UInt32, message: UnsafeRawBufferPointer, endOfStream: Bool)
    /// The end of our side of a stream; its peer's messages still count.
    func closeGRPCStream(token: UInt32)
    /// Reset the call or stream, tell nothing more of it.
    func cancelGRPC(token: UInt32)
}

/// What a gRPC call is made of, beside its messages.
public struct GRPCRequest {
    /// A cluster's name, or a serialized `envoy.config.core.v3.GrpcService`: see `GRPCService`.
    public let upstream: UnsafeRawBufferPointer
    /// `/SERVICE/METHOD`
    public let path: [UInt8]
    /// Names and values that may stand in a request.
    public let metadata: HeaderMap

    public init(upstream: UnsafeRawBufferPointer, path: [UInt8], metadata: HeaderMap) {
        self.upstream = upstream
        self.path = path
        self.metadata = metadata
    }
}

@available(*, unavailable)
extension GRPCRequest: Sendable {}
