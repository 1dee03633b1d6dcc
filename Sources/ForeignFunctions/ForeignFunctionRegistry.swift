public import ProxyWasm

/// Foreign functions by name.
public struct ForeignFunctionRegistry: ForeignFunctionProvider {
    /// Arguments are valid during the call only; what goes into `result` reaches the plugin whatever the status.
    public typealias Function =
        @Sendable (_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status

    private var functions: [String: Function] = [:]

    /// None.
    public init() {}

    /// The functions that Envoy has, but for `clear_route_cache`, which every host has.
    public static var envoy: ForeignFunctionRegistry {
        var registry = ForeignFunctionRegistry()
        registry["compress"] = Compression.compress
        registry["uncompress"] = Compression.uncompress
        registry["verify_signature"] = Signatures.verify
        registry["sign"] = Signatures.sign
        registry["expr_create"] = ExpressionFunctions.create
        registry["expr_evaluate"] = ExpressionFunctions.evaluate
        registry["expr_delete"] = ExpressionFunctions.delete
        registry["declare_property"] = PropertyFunctions.declare
        registry["set_envoy_filter_state"] = PropertyFunctions.setFilterState
        return registry
    }

    public subscript(_ name: String) -> Function? {
        get { self.functions[name] }
        set { self.functions[name] = newValue }
    }

    public func call(
        _ name: UnsafeRawBufferPointer,
        _ argument: UnsafeRawBufferPointer,
        from caller: ForeignCaller,
        result: inout [UInt8]
    ) -> Status? {
        guard name.count <= 256 else { return nil }
        return self.functions[String(decoding: name, as: UTF8.self)]?(argument, caller, &result)
    }
}
