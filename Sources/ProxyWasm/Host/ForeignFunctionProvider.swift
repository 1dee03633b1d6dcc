// PORT 2: what a host offers beyond the ABI, by name (`proxy_call_foreign_function`).

/// Functions that plugins call by name. One for all VMs of a process.
public protocol ForeignFunctionProvider: Sendable {
    /// Calls a function. Nil: there is none of that name.
    /// - Parameters:
    ///   - name, argument: Valid during the call only.
    ///   - result: Empty; what the function answers goes in, whatever its status.
    func call(
        _ name: UnsafeRawBufferPointer,
        _ argument: UnsafeRawBufferPointer,
        from caller: ForeignCaller,
        result: inout [UInt8]
    ) -> Status?
}

/// On whose behalf a foreign function runs: the effective context of a hostcall. Not to be kept.
public struct ForeignCaller {
    let vm: PluginVM

    /// The plugin; nil while the module starts.
    public var plugin: PluginContext? { self.vm.effectivePlugin }

    /// Whether there is a stream.
    public var hasStream: Bool { self.vm.effectiveStream != nil }

    /// An attribute as `proxy_get_property` finds it.
    public func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        self.vm.attribute(path, into: &attribute)
    }

    /// `proxy_clear_route_cache`
    public func clearRouteCache() -> Status { self.vm.clearRouteCache() }

    /// Stores an object of the proxy's own in the stream's filter state; NOT_FOUND where there is no stream, or where
    /// the proxy knows no object of that name.
    public func setFilterState(_ name: [UInt8], _ value: [UInt8], span: PropertyDeclaration.Span) -> Status {
        self.vm.effectiveStream?.host?.setFilterState(name, value, span: span) ?? .notFound
    }
}
