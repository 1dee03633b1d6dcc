extension Hostcalls {
    static let grpcCalls: [Hostcall] = [
        // AssemblyScript's SDK declares the first two without metadata.
        Self.define("proxy_grpc_call", "iiiiiiiiiiii") { vm, v in vm.grpcCall(v, hasMetadata: true) }
            .or(Self.define("proxy_grpc_call", "iiiiiiiiii") { vm, v in vm.grpcCall(v, hasMetadata: false) }),
        Self.define("proxy_grpc_stream", "iiiiiiiii") { vm, v in vm.grpcStream(v, hasMetadata: true) }
            .or(Self.define("proxy_grpc_stream", "iiiiiii") { vm, v in vm.grpcStream(v, hasMetadata: false) }),
        Self.define("proxy_grpc_send", "iiii") { vm, v in vm.grpcSend(v[0].i32, v[1].i32, v[2].i32, v[3].i32) },
        Self.define("proxy_grpc_cancel", "i") { vm, v in vm.grpcCancel(v[0].i32) },
        Self.define("proxy_grpc_close", "i") { vm, v in vm.grpcClose(v[0].i32) },
    ]
}

extension Hostcall {
    fileprivate func or(_ other: Hostcall) -> Hostcall {
        Hostcall(name: self.name, variants: self.variants + other.variants)
    }
}

extension PluginVM {
    /// Bytes of a service's or a method's name.
    static let maximumGRPCNameBytes = 1024

    /// `proxy_grpc_call` (all): (upstream, service, method, metadata pairs, message, timeout, *id). The answer comes to
    /// the root context. Not OK: no call was made and no answer will come. An unknown upstream is PARSE_FAILURE.
    func grpcCall(_ v: Arguments, hasMetadata: Bool) -> Status {
        let rest = hasMetadata ? 8 : 6
        guard let message = self.memory.slice(v[rest].i32, v[rest + 1].i32) else { return .invalidMemoryAccess }
        guard self.admitsGRPCMessage(message) else { return .internalFailure }
        let timeout = v[rest + 2].i32
        let address = v[rest + 3].i32
        return self.startGRPC(v, hasMetadata: hasMetadata, isStream: false, address) { host, token, plugin, request in
            host.startGRPCCall(
                token: token, plugin: plugin, request: request, message: message, timeoutMilliseconds: timeout)
        }
    }

    /// `proxy_grpc_stream` (all): (upstream, service, method, metadata pairs, *id).
    func grpcStream(_ v: Arguments, hasMetadata: Bool) -> Status {
        self.startGRPC(v, hasMetadata: hasMetadata, isStream: true, v[hasMetadata ? 8 : 6].i32) {
            host, token, plugin, request in
            host.startGRPCStream(token: token, plugin: plugin, request: request)
        }
    }

    private func startGRPC(
        _ v: Arguments,
        hasMetadata: Bool,
        isStream: Bool,
        _ tokenAddress: UInt32,
        _ start: (any GRPCHost, UInt32, PluginContext, GRPCRequest) -> Status
    ) -> Status {
        let memory = self.memory
        guard let upstream = memory.slice(v[0].i32, v[1].i32), let service = memory.slice(v[2].i32, v[3].i32),
            let method = memory.slice(v[4].i32, v[5].i32)
        else { return .invalidMemoryAccess }
        var metadata: UnsafeRawBufferPointer?
        if hasMetadata {
            metadata = memory.slice(v[6].i32, v[7].i32)
            if metadata == nil { return .invalidMemoryAccess }
        }
        // Before anything starts: an answer to an id the guest never saw would be lost.
        guard memory.slice(tokenAddress, 4) != nil else { return .invalidMemoryAccess }
        // What hosts without gRPC answer; the gateway has it.
        guard let host = self.host.grpc else { return .unimplemented }
        guard let plugin = self.effectivePlugin, plugin.state != .gone else { return .internalFailure }
        // INTERNAL_FAILURE for what cannot be sent: SDKs panic on other answers.
        guard let path = Self.grpcPath(service, method) else { return .internalFailure }
        self.scratchMap.removeAll()
        if let metadata {
            guard let pairs = PairsView(metadata), Self.fillMetadata(self.scratchMap, from: pairs) else {
                return .internalFailure
            }
        }
        guard plugin.grpcCalls < Int(plugin.definition.limits.grpcCalls) else {
            return self.refuse(.grpcCalls, "\(plugin.grpcCalls) gRPC calls and streams are open")
        }
        let token = self.grpc.add(plugin, isStream: isStream)
        let request = GRPCRequest(upstream: upstream, path: path, metadata: self.scratchMap)
        let status = start(host, token, plugin, request)
        guard status == .ok else {
            self.grpc.remove(token)
            return status
        }
        _ = memory.store(token, at: tokenAddress)
        return .ok
    }

    /// `/SERVICE/METHOD`; nil when a request could not have that path.
    private static func grpcPath(_ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !service.isEmpty, !method.isEmpty, service.count <= Self.maximumGRPCNameBytes,
            method.count <= Self.maximumGRPCNameBytes
        else { return nil }
        let slash = UInt8(ascii: "/")
        let path = [slash] + service + [slash] + method
        return path.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? path : nil
    }

    /// Pseudo-headers and what belongs to the framing are the host's; metadata that names them is left out.
    private static func fillMetadata(_ map: HeaderMap, from pairs: PairsView) -> Bool {
        pairs.allSatisfy { name, value in
            if HeaderRules.isPseudo(name) || HeaderRules.isName(name, "host") { return true }
            if HeaderRules.isName(name, "content-length") || HeaderRules.isName(name, "te") { return true }
            if let bytes = GRPCMetadata.wireValue(name, value) {
                return bytes.withUnsafeBytes {
                    HeaderRules.allows(name, $0, in: nil) && map.append(name: name, value: $0)
                }
            }
            return HeaderRules.allows(name, value, in: nil) && map.append(name: name, value: value)
        }
    }

    private func admitsGRPCMessage(_ message: UnsafeRawBufferPointer) -> Bool {
        let limits = (self.effectivePlugin?.definition ?? self.definition).limits
        guard UInt64(message.count) > limits.messageBytes else { return true }
        _ = self.refuse(.messageSize, "a gRPC message of \(message.count) bytes")
        return false
    }

    /// `proxy_grpc_send` (all): a message; `end` other than 0 closes our side behind it.
    func grpcSend(_ token: UInt32, _ address: UInt32, _ size: UInt32, _ end: UInt32) -> Status {
        guard let message = self.memory.slice(address, size) else { return .invalidMemoryAccess }
        guard GRPCTable.isStream(token) else { return .badArgument }
        guard let entry = self.grpc.entries[token], entry.plugin === self.effectivePlugin else { return .notFound }
        // SDKs panic on INTERNAL_FAILURE here.
        guard self.admitsGRPCMessage(message) else { return .badArgument }
        if !entry.isClosedByPeer {
            self.host.grpc?.sendGRPCMessage(token: token, message: message, endOfStream: end != 0)
        }
        return .ok
    }

    /// `proxy_grpc_cancel` (all): no callback comes any more.
    func grpcCancel(_ token: UInt32) -> Status {
        guard GRPCTable.isCall(token) || GRPCTable.isStream(token) else { return .badArgument }
        guard let entry = self.grpc.entries[token], entry.plugin === self.effectivePlugin else { return .notFound }
        self.grpc.remove(token)
        if !entry.isClosedByPeer { self.host.grpc?.cancelGRPC(token: token) }
        return .ok
    }

    /// `proxy_grpc_close` (all): cancels a call; closes our side of a stream, whose callbacks may still come.
    func grpcClose(_ token: UInt32) -> Status {
        guard GRPCTable.isStream(token) else { return self.grpcCancel(token) }
        guard let entry = self.grpc.entries[token], entry.plugin === self.effectivePlugin else { return .notFound }
        if entry.isClosedByPeer {
            self.grpc.remove(token)
        } else {
            self.host.grpc?.closeGRPCStream(token: token)
        }
        return .ok
    }
}
