extension Hostcalls {
    static let buffers: [Hostcall] = [
        Self.define("proxy_get_buffer_bytes", "iiiii") { vm, v in
            vm.getBufferBytes(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
        Self.define("proxy_get_buffer_status", "iii") { vm, v in
            vm.getBufferStatus(v[0].i32, v[1].i32, v[2].i32)
        },
        Self.define("proxy_set_buffer_bytes", "iiiii") { vm, v in
            vm.setBufferBytes(v[0].i32, v[1].i32, v[2].i32, v[3].i32, v[4].i32)
        },
        Self.define("proxy_get_configuration", "ii") { vm, v in vm.getConfiguration(v[0].i32, v[1].i32) },
    ]
}

/// A buffer as the running callback may see it.
enum BufferLookup {
    /// The message's own, to read and change.
    case body(any BodyBuffer)
    /// To read.
    case readOnly(any BodyBuffer)
    case bytes([UInt8])
    case empty
    case missing

    var count: Int {
        switch self {
        case .body(let buffer), .readOnly(let buffer): buffer.count
        case .bytes(let bytes): bytes.count
        case .empty, .missing: 0
        }
    }
}

extension PluginVM {
    func buffer(_ type: BufferType) -> BufferLookup {
        switch type {
        case .httpRequestBody, .httpResponseBody, .downstreamData, .upstreamData:
            guard let stream = self.effectiveStream, stream.body & (1 << UInt8(type.rawValue)) != 0,
                let body = stream.host?.bodyBuffer(type)
            else { return .empty }
            return .body(body)
        case .grpcReceiveBuffer:
            guard let shown = self.grpc.shown, shown.plugin === self.effectivePlugin, let message = shown.message else {
                return .empty
            }
            return .readOnly(message)
        case .httpCallResponseBody:
            guard let plugin = self.callPlugin, plugin === self.effectivePlugin, self.callHeaders != nil else {
                return .missing
            }
            return self.callBody.map { .readOnly($0) } ?? .empty
        case .vmConfiguration:
            return .bytes((self.effectivePlugin?.definition ?? self.definition).vmConfiguration)
        case .pluginConfiguration:
            guard let plugin = self.effectivePlugin, plugin.showsConfiguration else { return .missing }
            return .bytes(plugin.definition.configuration)
        case .callData:
            return self.callData.map { .bytes($0) } ?? .empty
        }
    }

    /// `proxy_get_buffer_bytes` (all): at most `maximum` bytes from `start`; past the end there are none.
    func getBufferBytes(
        _ type: UInt32,
        _ start: UInt32,
        _ maximum: UInt32,
        _ address: UInt32,
        _ size: UInt32
    ) -> Status {
        guard let type = BufferType(rawValue: type) else { return .badArgument }
        let buffer = self.buffer(type)
        if case .missing = buffer { return .notFound }
        let offset = min(Int(start), buffer.count)
        let count = min(Int(maximum), buffer.count - offset)
        return self.give(count: count, address, size) { target in
            switch buffer {
            case .body(let body), .readOnly(let body):
                body.copyBytes(at: offset, into: target)
            case .bytes(let bytes):
                bytes.withUnsafeBytes {
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
                }
            case .empty, .missing:
                break
            }
        }
    }

    /// `proxy_get_buffer_status` (all): flags are always 0, as in Envoy.
    func getBufferStatus(_ type: UInt32, _ size: UInt32, _ flags: UInt32) -> Status {
        guard let type = BufferType(rawValue: type) else { return .badArgument }
        let buffer = self.buffer(type)
        if case .missing = buffer { return .notFound }
        let memory = self.memory
        guard memory.store(UInt32(clamping: buffer.count), at: size), memory.store(UInt32(0), at: flags) else {
            return .invalidMemoryAccess
        }
        return .ok
    }

    /// `proxy_set_buffer_bytes` (all): replaces `size` bytes at `start`, both clamped to the buffer.
    /// Envoy refuses a start inside the buffer; the specification does not.
    func setBufferBytes(
        _ type: UInt32,
        _ start: UInt32,
        _ size: UInt32,
        _ address: UInt32,
        _ count: UInt32
    ) -> Status {
        guard let type = BufferType(rawValue: type) else { return .badArgument }
        let buffer = self.buffer(type)
        if case .missing = buffer { return .notFound }
        guard let bytes = self.memory.slice(address, count) else { return .invalidMemoryAccess }
        guard case .body(let body) = buffer else { return .badArgument }
        let length = body.count
        let offset = min(Int(start), length)
        let replaced = min(Int(size), length - offset)
        return body.replaceBytes(at: offset, count: replaced, with: bytes) ? .ok : .internalFailure
    }

    /// `proxy_get_configuration` (0.1.0): the plugin's while it is configured, else the VM's.
    func getConfiguration(_ address: UInt32, _ size: UInt32) -> Status {
        if let plugin = self.effectivePlugin, plugin.showsConfiguration {
            return self.give(plugin.definition.configuration, address, size)
        }
        return self.give((self.effectivePlugin?.definition ?? self.definition).vmConfiguration, address, size)
    }
}
