import ProxyWasm

/// `response.*`: from the response's headers on.
enum ResponseAttributes {
    static func get(_ path: PropertyPath, _ stream: HTTPStream, _ attribute: inout AttributeBuffer) -> Status {
        guard path.count > 1 else { return .serializationFailure }
        if path.matches(1, "headers") {
            guard stream.responseStarted else { return .notFound }
            return StreamAttributes.headers(stream.responseHeaders, path, &attribute)
        }
        if path.matches(1, "trailers") {
            guard let trailers = stream.responseTrailers else { return .notFound }
            return StreamAttributes.headers(trailers, path, &attribute)
        }
        guard path.count == 2 else { return .notFound }
        if path.matches(1, "code_details") {
            if !stream.details.isEmpty { return attribute.setString(stream.details) }
            return stream.responseStarted ? attribute.setString("via_upstream") : .notFound
        }
        if path.matches(1, "flags") { return attribute.setInt(ResponseFlags.bits(stream.flags)) }
        if path.matches(1, "backend_latency") {
            let router = stream.router
            guard router.firstByteMonotonic > 0 else { return .notFound }
            return attribute.setDuration(router.firstByteMonotonic &- router.startMonotonic)
        }
        if path.matches(1, "size") { return attribute.setInt(stream.responseBytes) }
        guard stream.responseStarted else { return .notFound }
        if path.matches(1, "code") { return attribute.setInt(Self.code(stream)) }
        if path.matches(1, "grpc_status") { return attribute.setInt(Self.grpcStatus(stream)) }
        if path.matches(1, "headers_bytes") { return attribute.setInt(stream.responseHeaders.byteCount) }
        if path.matches(1, "total_size") {
            let heads = stream.responseHeaders.byteCount + (stream.responseTrailers?.byteCount ?? 0)
            return attribute.setInt(stream.responseBytes + UInt64(heads))
        }
        return .notFound
    }

    static func code(_ stream: HTTPStream) -> Int {
        stream.status > 0 ? stream.status : stream.responseHeaders.first(":status")?.decimal() ?? 0
    }

    /// From the trailers, else the headers, else what gRPC makes of the HTTP status.
    static func grpcStatus(_ stream: HTTPStream) -> Int {
        if let status = stream.responseTrailers?.first("grpc-status")?.decimal() { return status }
        if let status = stream.responseHeaders.first("grpc-status")?.decimal() { return status }
        return Int(GRPCReply.status(forHTTP: Self.code(stream)))
    }
}
