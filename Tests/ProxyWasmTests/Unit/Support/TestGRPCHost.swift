@testable import ProxyWasm

/// Makes no calls, remembers what it was asked.
final class TestGRPCHost: GRPCHost {
    var asked: [String] = []
    var status = Status.ok
    /// Message, status and text that a body shows.
    final class Bytes: BodyBuffer {
        private let bytes: [UInt8]
        init(_ text: String) { self.bytes = Array(text.utf8) }
        var count: Int { self.bytes.count }
        func copyBytes(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
            target.copyBytes(from: self.bytes[offset..<offset + target.count])
        }
        func replaceBytes(at offset: Int, count: Int, with bytes: UnsafeRawBufferPointer) -> Bool { false }
    }

    private func text(_ request: GRPCRequest) -> String {
        let upstream = String(decoding: request.upstream, as: UTF8.self)
        let metadata = request.metadata.pairs.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        return "\(upstream) \(String(decoding: request.path, as: UTF8.self)) [\(metadata)]"
    }

    func startGRPCCall(
        token: UInt32,
        plugin: PluginContext,
        request: GRPCRequest,
        message: UnsafeRawBufferPointer,
        timeoutMilliseconds: UInt32
    ) -> Status {
        self.asked.append(
            "call \(token) \(self.text(request)) '\(String(decoding: message, as: UTF8.self))' \(timeoutMilliseconds)")
        return self.status
    }

    func startGRPCStream(token: UInt32, plugin: PluginContext, request: GRPCRequest) -> Status {
        self.asked.append("stream \(token) \(self.text(request))")
        return self.status
    }

    func sendGRPCMessage(token: UInt32, message: UnsafeRawBufferPointer, endOfStream: Bool) {
        self.asked.append("send \(token) '\(String(decoding: message, as: UTF8.self))' \(endOfStream)")
    }

    func closeGRPCStream(token: UInt32) { self.asked.append("close \(token)") }
    func cancelGRPC(token: UInt32) { self.asked.append("cancel \(token)") }
}

extension ScriptedInstance {
    /// `proxy_grpc_call`; the id is written to 24.
    func grpcCall(
        _ service: String = "s",
        _ method: String = "m",
        metadata: [(String, String)] = [],
        message: String = "",
        timeout: UInt32 = 0,
        id: UInt32 = 24
    ) throws -> Status {
        let upstream = self.put("backend")
        let service = self.put(service)
        let method = self.put(method)
        let pairs = self.put(encodePairs(metadata))
        let message = self.put(message)
        return try self.status(
            "proxy_grpc_call", upstream.address, upstream.count, service.address, service.count, method.address,
            method.count, pairs.address, pairs.count, message.address, message.count, timeout, id)
    }

    func grpcStream() throws -> Status {
        let upstream = self.put("backend")
        let name = self.put("s")
        return try self.status(
            "proxy_grpc_stream", upstream.address, upstream.count, name.address, name.count, name.address, name.count,
            0, 0, 24)
    }
}
