extension Hostcalls {
    static let foreignFunctions: [Hostcall] = [
        Self.define("proxy_call_foreign_function", "iiiiii") { vm, v in
            vm.callForeignFunction(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32, v[5].i32)
        },
        // Envoy's own; nothing is resolved.
        Self.define("envoy_resolve_dns", "iii") { _, _ in .unimplemented },
    ]
}

extension PluginVM {
    /// `proxy_call_foreign_function` (all): an unknown name is NOT_FOUND before anything is written. The
    /// one known here is `clear_route_cache`.
    func callForeignFunction(
        _ nameAddress: UInt32,
        _ nameSize: UInt32,
        _ argumentAddress: UInt32,
        _ argumentSize: UInt32,
        _ address: UInt32,
        _ size: UInt32
    ) -> Status {
        let memory = self.memory
        guard let name = memory.slice(nameAddress, nameSize), memory.slice(argumentAddress, argumentSize) != nil else {
            return .invalidMemoryAccess
        }
        guard name.elementsEqual("clear_route_cache".utf8) else { return .notFound }
        let status = self.clearRouteCache()
        // Null result pointers: the caller wants no result.
        if address != 0, !memory.store(UInt32(0), at: address) { return .invalidMemoryAccess }
        if size != 0, !memory.store(UInt32(0), at: size) { return .invalidMemoryAccess }
        return status
    }
}
