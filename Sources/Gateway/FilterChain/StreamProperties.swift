import ProxyWasm

/// Attributes of a stream, in the encodings of the reference (strings raw, integers 8 bytes
/// little-endian, times in nanoseconds).
enum StreamProperties {
    static func get(_ path: PropertyPath, of stream: HTTPStream, into value: inout [UInt8]) -> Status {
        guard path.count > 0 else { return .serializationFailure }
        if path.matches(0, "request") { return self.request(path, stream, &value) }
        if path.matches(0, "response") { return self.response(path, stream, &value) }
        if path.matches(0, "source") {
            return self.address(path, stream.downstream.remoteAddressBytes, stream.downstream.remotePort, &value)
        }
        if path.matches(0, "destination") {
            return self.address(path, stream.downstream.localAddressBytes, stream.downstream.localPort, &value)
        }
        if path.matches(0, "connection") {
            if path.matches(1, "id") { return self.integer(stream.downstream.connectionID, &value) }
            if path.matches(1, "mtls") {
                value.append(0)
                return .ok
            }
            return path.count == 1 ? .serializationFailure : .notFound
        }
        if path.matches(0, "connection_id"), path.count == 1 {
            return self.integer(stream.downstream.connectionID, &value)
        }
        if path.matches(0, "upstream") { return self.upstream(path, stream, &value) }
        if path.matches(0, "xds"), path.count == 2 { return self.xds(path, 1, stream, &value) }
        if path.count == 1 {
            let status = self.xds(path, 0, stream, &value)
            if status == .ok { return status }
        }
        if let stored = stream.properties.first(where: { $0.name == path.bytes }) {
            value.append(contentsOf: stored.value)
            return .ok
        }
        // `filter_state.wasm.NAME` is another spelling of what plugins stored.
        if path.matches(0, "filter_state"), path.count == 2 {
            let name = path.segment(1)
            let prefix = Array("wasm.".utf8)
            if name.starts(with: prefix),
                let stored = stream.properties.first(where: { $0.name.elementsEqual(name.dropFirst(prefix.count)) })
            {
                value.append(contentsOf: stored.value)
                return .ok
            }
        }
        return .notFound
    }

    private static func request(_ path: PropertyPath, _ stream: HTTPStream, _ value: inout [UInt8]) -> Status {
        let map = stream.requestHeaders
        guard path.count > 1 else { return .serializationFailure }
        if path.matches(1, "headers") {
            guard path.count == 3 else { return path.count == 2 ? .serializationFailure : .notFound }
            return self.joined(map, path.segment(2), &value)
        }
        guard path.count == 2 else { return .notFound }
        if path.matches(1, "path") { return self.header(map, ":path", &value) }
        if path.matches(1, "url_path") || path.matches(1, "query") {
            guard let target = map.first(":path") else { return .notFound }
            let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
            if path.matches(1, "url_path") {
                value.append(contentsOf: target.slice(0..<end))
            } else if end < target.count {
                value.append(contentsOf: target.slice((end + 1)..<target.count))
            }
            return .ok
        }
        if path.matches(1, "host") { return self.header(map, ":authority", &value) }
        if path.matches(1, "scheme") { return self.header(map, ":scheme", &value) }
        if path.matches(1, "method") { return self.header(map, ":method", &value) }
        if path.matches(1, "referer") { return self.header(map, "referer", &value) }
        if path.matches(1, "useragent") { return self.header(map, "user-agent", &value) }
        if path.matches(1, "id") { return self.header(map, "x-request-id", &value) }
        if path.matches(1, "protocol") {
            let name = stream.protocolName
            value.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            return .ok
        }
        if path.matches(1, "time") { return self.integer(stream.startWall, &value) }
        if path.matches(1, "duration") {
            return stream.isActive ? .notFound : self.integer(Clock.monotonic() &- stream.startMonotonic, &value)
        }
        if path.matches(1, "size") { return self.integer(stream.requestBytes, &value) }
        if path.matches(1, "headers_bytes") { return self.integer(UInt64(map.byteCount), &value) }
        if path.matches(1, "total_size") { return self.integer(stream.requestBytes + UInt64(map.byteCount), &value) }
        return .notFound
    }

    private static func response(_ path: PropertyPath, _ stream: HTTPStream, _ value: inout [UInt8]) -> Status {
        guard path.count > 1 else { return .serializationFailure }
        if path.matches(1, "code_details"), path.count == 2 {
            if stream.details.isEmpty {
                guard stream.responseStarted else { return .notFound }
                value.append(contentsOf: "via_upstream".utf8)
            } else {
                value.append(contentsOf: stream.details)
            }
            return .ok
        }
        guard stream.responseStarted else { return .notFound }
        let map = stream.responseHeaders
        if path.matches(1, "headers") {
            guard path.count == 3 else { return path.count == 2 ? .serializationFailure : .notFound }
            return self.joined(map, path.segment(2), &value)
        }
        if path.matches(1, "trailers"), path.count == 3 {
            guard let trailers = stream.responseTrailers else { return .notFound }
            return self.joined(trailers, path.segment(2), &value)
        }
        guard path.count == 2 else { return .notFound }
        if path.matches(1, "code") {
            let code = stream.status > 0 ? stream.status : map.first(":status")?.decimal() ?? 0
            return self.integer(UInt64(code), &value)
        }
        if path.matches(1, "flags") { return self.integer(0, &value) }
        if path.matches(1, "size") { return self.integer(stream.responseBytes, &value) }
        if path.matches(1, "headers_bytes") { return self.integer(UInt64(map.byteCount), &value) }
        if path.matches(1, "total_size") { return self.integer(stream.responseBytes + UInt64(map.byteCount), &value) }
        if path.matches(1, "grpc_status") {
            guard let status = map.first("grpc-status")?.decimal() else { return .notFound }
            return self.integer(UInt64(status), &value)
        }
        if path.matches(1, "backend_latency") {
            guard stream.router.firstByteMonotonic > 0 else { return .notFound }
            return self.integer(stream.router.firstByteMonotonic &- stream.router.startMonotonic, &value)
        }
        return .notFound
    }

    private static func address(
        _ path: PropertyPath,
        _ address: [UInt8],
        _ port: Int,
        _ value: inout [UInt8]
    ) -> Status {
        guard path.count == 2 else { return path.count == 1 ? .serializationFailure : .notFound }
        if path.matches(1, "address") {
            value.append(contentsOf: address)
            return .ok
        }
        return path.matches(1, "port") ? self.integer(UInt64(port), &value) : .notFound
    }

    private static func upstream(_ path: PropertyPath, _ stream: HTTPStream, _ value: inout [UInt8]) -> Status {
        guard path.count == 2 else { return path.count == 1 ? .serializationFailure : .notFound }
        guard let endpoint = stream.router.endpoint else { return .notFound }
        if path.matches(1, "address") {
            value.append(contentsOf: endpoint.addressBytes)
            return .ok
        }
        if path.matches(1, "port") { return self.integer(UInt64(endpoint.endpoint.port), &value) }
        if path.matches(1, "request_attempt_count") { return self.integer(UInt64(stream.router.attempts), &value) }
        if path.matches(1, "num_endpoints") {
            return self.integer(UInt64(stream.router.cluster?.endpoints.count ?? 0), &value)
        }
        return .notFound
    }

    /// Names under `xds`, which are top-level names, too.
    private static func xds(_ path: PropertyPath, _ segment: Int, _ stream: HTTPStream, _ value: inout [UInt8])
        -> Status
    {
        if path.matches(segment, "cluster_name") {
            guard let cluster = stream.router.cluster else { return .notFound }
            value.append(contentsOf: cluster.nameBytes)
            return .ok
        }
        if path.matches(segment, "route_name") || path.matches(segment, "virtual_host_name") {
            stream.resolveRoute()
            if path.matches(segment, "route_name") {
                guard let route = stream.router.route else { return .notFound }
                value.append(contentsOf: route.name)
            } else {
                guard let host = stream.router.virtualHost else { return .notFound }
                value.append(contentsOf: host.name.utf8)
            }
            return .ok
        }
        // A gateway's listeners are outbound (2).
        if path.matches(segment, "listener_direction") { return self.integer(2, &value) }
        return .notFound
    }

    private static func header(_ map: HeaderMap, _ name: StaticString, _ value: inout [UInt8]) -> Status {
        guard let bytes = map.first(name) else { return .notFound }
        value.append(contentsOf: bytes)
        return .ok
    }

    /// All values of a header, joined with commas.
    private static func joined(_ map: HeaderMap, _ name: ArraySlice<UInt8>, _ value: inout [UInt8]) -> Status {
        name.withUnsafeBytes { name in
            var start = 0
            var found = false
            while let index = map.firstIndex(of: name, from: start) {
                if found { value.append(UInt8(ascii: ",")) }
                value.append(contentsOf: map.value(at: index))
                found = true
                start = index + 1
            }
            return found ? .ok : .notFound
        }
    }

    private static func integer(_ number: UInt64, _ value: inout [UInt8]) -> Status {
        withUnsafeBytes(of: number.littleEndian) { value.append(contentsOf: $0) }
        return .ok
    }
}
