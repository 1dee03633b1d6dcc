extension Hostcalls {
    /// gRPC calls are not made yet: modules that import them load, and every call says UNIMPLEMENTED.
    static let grpcCalls: [Hostcall] = [
        // AssemblyScript's SDK declares the first two without metadata.
        Self.unimplemented("proxy_grpc_call", "iiiiiiiiiiii", "iiiiiiiiii"),
        Self.unimplemented("proxy_grpc_stream", "iiiiiiiii", "iiiiiii"),
        Self.unimplemented("proxy_grpc_send", "iiii"),
        Self.unimplemented("proxy_grpc_cancel", "i"),
        Self.unimplemented("proxy_grpc_close", "i"),
    ]

    private static func unimplemented(_ name: StaticString, _ signatures: String...) -> Hostcall {
        Hostcall(
            name: name.description,
            variants: signatures.flatMap { Self.define(name, $0) { _, _ in .unimplemented }.variants }
        )
    }
}
