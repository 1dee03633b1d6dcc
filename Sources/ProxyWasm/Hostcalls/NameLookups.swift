extension Hostcalls {
    static let nameLookups: [Hostcall] = [
        Self.define("envoy_resolve_dns", "iii") { vm, v in vm.resolveName(v[0].i32, v[1].i32, v[2].i32) }
    ]
}

extension PluginVM {
    /// Bytes of a name: no host has a longer one.
    static let maximumNameBytes = 255
    /// Addresses of one name that a plugin is shown.
    static let maximumAddresses = 256

    /// `envoy_resolve_dns` (Envoy's own): (name, *token). The answer comes to the root context, never inside this call.
    /// Not OK: no answer will come. A name that cannot be one is no error: its answer is that there is none.
    func resolveName(_ address: UInt32, _ size: UInt32, _ tokenAddress: UInt32) -> Status {
        let memory = self.memory
        // Before anything starts: an answer to a token the guest never saw would be lost.
        guard let bytes = memory.slice(address, size), memory.store(UInt32(0), at: tokenAddress) else {
            return .invalidMemoryAccess
        }
        guard let plugin = self.effectivePlugin, plugin.state != .gone else { return .internalFailure }
        guard plugin.nameLookups < Int(plugin.definition.limits.nameLookups) else {
            return self.refuse(.nameLookups, "\(plugin.nameLookups) names are being resolved")
        }
        // The name ends at a NUL, as in Envoy.
        let name = UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.maximumNameBytes + 1).prefix { $0 != 0 })
        let token = self.nextLookupToken()
        self.lookups[token] = plugin
        plugin.nameLookups += 1
        let status = self.host.startNameLookup(token: token, plugin: plugin, name: name)
        guard status == .ok else {
            self.endLookup(token)
            return status
        }
        _ = memory.store(token, at: tokenAddress)
        return .ok
    }

    /// 1, 2, 3, …: never 0, never one in use.
    private func nextLookupToken() -> UInt32 {
        repeat {
            self.lastLookupToken &+= 1
        } while self.lastLookupToken == 0
            || self.lookups[self.lastLookupToken] != nil
        return self.lastLookupToken
    }

    /// Whose lookup it was; nil: nobody waits for it any more.
    @discardableResult
    func endLookup(_ token: UInt32) -> PluginContext? {
        guard let plugin = self.lookups.removeValue(forKey: token) else { return nil }
        plugin.nameLookups -= 1
        return plugin
    }

    /// The plugin is gone, and so are its lookups.
    func cancelLookups(of plugin: PluginContext) {
        for (token, owner) in self.lookups where owner === plugin {
            self.endLookup(token)
            self.host.cancelNameLookup(token: token)
        }
    }

    /// `envoy_on_resolve_dns`, in the root context, for a lookup started earlier. `addresses` empty: there is no such
    /// name, or it has none; nil: that could not be found out. An unknown token (cancelled meanwhile) is ignored.
    public func nameResolved(token: UInt32, addresses: [ResolvedAddress]?) {
        guard !self.isGuestRunning else {
            self.later(.nameResolved(token: token, addresses: addresses))
            return
        }
        guard let plugin = self.endLookup(token), plugin.state != .gone, let function = self.exports.resolveDNS else {
            return
        }
        let data = addresses.map { Array($0.prefix(Self.maximumAddresses)).serialized() } ?? []
        self.callData = data
        self.slots[0] = RawValue(i32: plugin.id)
        self.slots[1] = RawValue(i32: token)
        self.slots[2] = RawValue(i32: UInt32(clamping: data.count))
        _ = self.invoke(function, "envoy_on_resolve_dns", plugin: plugin, count: 3)
        self.callData = nil
        self.drain()
    }
}
