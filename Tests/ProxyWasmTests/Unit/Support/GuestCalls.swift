@testable import ProxyWasm

/// A status with the bytes that came with it.
struct Answer: Equatable {
    var status: Status
    var bytes: [UInt8] = []

    init(_ status: Status, _ bytes: [UInt8] = []) {
        self.status = status
        self.bytes = bytes
    }

    init(_ text: String) {
        self.status = .ok
        self.bytes = Array(text.utf8)
    }

    var text: String { String(decoding: self.bytes, as: UTF8.self) }
    var u64: UInt64 { self.bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}

/// Hostcalls as an SDK wraps them. Out-pointers are 16 and 20 unless said otherwise.
extension ScriptedInstance {
    func status(_ name: String, _ arguments: UInt32...) throws -> Status {
        let raw = try self.call("env", name, arguments.map { RawValue(i32: $0) })
        guard let status = Status(rawValue: raw) else { throw GuestTrap(message: "\(name) answered \(raw)") }
        return status
    }

    /// Calls something that gives bytes through the out-pointers 16 (address) and 20 (count).
    private func give(_ name: String, _ arguments: [UInt32]) throws -> Answer {
        self.write([0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA], at: 16)
        let raw = try self.call("env", name, (arguments + [16, 20]).map { RawValue(i32: $0) })
        guard let status = Status(rawValue: raw) else { throw GuestTrap(message: "\(name) answered \(raw)") }
        guard status == .ok else {
            precondition(self.u32(16) == 0xAAAA_AAAA && self.u32(20) == 0xAAAA_AAAA, "\(name) wrote on \(status)")
            return Answer(status)
        }
        let address = self.u32(16)
        let count = self.u32(20)
        precondition(count != 0 || address == 0, "\(name): empty results have address 0")
        precondition(count == 0 || self.allocations.last == count, "\(name): exactly the bytes are allocated")
        return Answer(.ok, self.read(address, count))
    }

    @discardableResult
    func log(_ text: String, level: UInt32 = 2) throws -> Status {
        let message = self.put(text)
        return try self.status("proxy_log", level, message.address, message.count)
    }

    func header(_ map: MapType, _ name: String) throws -> Answer {
        let name = self.put(name)
        return try self.give("proxy_get_header_map_value", [map.rawValue, name.address, name.count])
    }

    func pairs(_ map: MapType) throws -> Answer { try self.give("proxy_get_header_map_pairs", [map.rawValue]) }

    @discardableResult
    func add(_ map: MapType, _ name: String, _ value: String) throws -> Status {
        let name = self.put(name)
        let value = self.put(value)
        return try self.status(
            "proxy_add_header_map_value", map.rawValue, name.address, name.count, value.address, value.count)
    }

    @discardableResult
    func replace(_ map: MapType, _ name: String, _ value: String) throws -> Status {
        let name = self.put(name)
        let value = self.put(value)
        return try self.status(
            "proxy_replace_header_map_value", map.rawValue, name.address, name.count, value.address, value.count)
    }

    @discardableResult
    func remove(_ map: MapType, _ name: String) throws -> Status {
        let name = self.put(name)
        return try self.status("proxy_remove_header_map_value", map.rawValue, name.address, name.count)
    }

    func setPairs(_ map: MapType, _ bytes: [UInt8]) throws -> Status {
        let pairs = self.put(bytes)
        return try self.status("proxy_set_header_map_pairs", map.rawValue, pairs.address, pairs.count)
    }

    func buffer(_ type: BufferType, _ start: UInt32 = 0, _ maximum: UInt32 = .max) throws -> Answer {
        try self.give("proxy_get_buffer_bytes", [type.rawValue, start, maximum])
    }

    @discardableResult
    func setBuffer(_ type: BufferType, _ start: UInt32, _ size: UInt32, _ text: String) throws -> Status {
        let text = self.put(text)
        return try self.status("proxy_set_buffer_bytes", type.rawValue, start, size, text.address, text.count)
    }

    func property(_ path: String) throws -> Answer {
        let path = self.put(path)
        return try self.give("proxy_get_property", [path.address, path.count])
    }

    func setProperty(_ path: String, _ value: String) throws -> Status {
        let path = self.put(path)
        let value = self.put(value)
        return try self.status("proxy_set_property", path.address, path.count, value.address, value.count)
    }

    func configuration() throws -> Answer { try self.give("proxy_get_configuration", []) }

    func continueStream(_ type: UInt32) throws -> Status { try self.status("proxy_continue_stream", type) }

    @discardableResult
    func respond(
        _ code: UInt32,
        body: String = "",
        details: String = "",
        headers: [(String, String)] = [],
        grpc: UInt32 = .max
    ) throws -> Status {
        let details = self.put(details)
        let body = self.put(body)
        let pairs = self.put(encodePairs(headers))
        return try self.status(
            "proxy_send_local_response", code, details.address, details.count, body.address, body.count,
            pairs.address, pairs.count, grpc)
    }

    /// The status and the token (at 24).
    func httpCall(
        _ cluster: String = "backend",
        _ headers: [(String, String)] = [(":method", "GET"), (":path", "/"), (":authority", "a")],
        body: String = "",
        trailers: [(String, String)] = [],
        timeout: UInt32 = 1000,
        token: UInt32 = 24
    ) throws -> (status: Status, token: UInt32) {
        let cluster = self.put(cluster)
        let headers = self.put(encodePairs(headers))
        let body = self.put(body)
        let trailers = self.put(encodePairs(trailers))
        let status = try self.status(
            "proxy_http_call", cluster.address, cluster.count, headers.address, headers.count, body.address,
            body.count, trailers.address, trailers.count, timeout, token)
        return (status, Int(token) + 4 <= self.size ? self.u32(token) : 0)
    }

    /// The value and its CAS (at 24).
    /// The token is 77 where none was written.
    func resolve(_ name: String) throws -> (status: Status, token: UInt32) {
        let name = self.put(name)
        self.write([77, 0, 0, 0], at: 24)
        let status = try self.status("envoy_resolve_dns", name.address, name.count, 24)
        return (status, self.u32(24))
    }

    func sharedData(_ key: String) throws -> (answer: Answer, cas: UInt32) {
        let key = self.put(key)
        let raw = try self.status("proxy_get_shared_data", key.address, key.count, 16, 20, 24)
        guard raw == .ok else { return (Answer(raw), 0) }
        return (Answer(.ok, self.read(self.u32(16), self.u32(20))), self.u32(24))
    }

    func setSharedData(_ key: String, _ value: String, cas: UInt32 = 0) throws -> Status {
        let key = self.put(key)
        let value = self.put(value)
        return try self.status("proxy_set_shared_data", key.address, key.count, value.address, value.count, cas)
    }

    /// Bytes from a queue.
    func dequeue(_ id: UInt32) throws -> Answer { try self.give("proxy_dequeue_shared_queue", [id]) }
}

/// The serialized map of those pairs; no pairs: no bytes.
func encodePairs(_ pairs: [(String, String)]) -> [UInt8] {
    if pairs.isEmpty { return [] }
    func u32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
    return u32(pairs.count) + pairs.flatMap { u32($0.0.utf8.count) + u32($0.1.utf8.count) }
        + pairs.flatMap { Array($0.0.utf8) + [0] + Array($0.1.utf8) + [0] }
}
