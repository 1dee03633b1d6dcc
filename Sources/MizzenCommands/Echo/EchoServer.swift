import Gateway
import NIOCore
import NIOHTTP1

/// Answers each request with a JSON document that describes it.
package final class EchoServer: Sendable {
    /// Largest request body.
    package static let maximumBodyBytes = 16 << 20

    private let server: SmallHTTPServer

    package init(threads: Int = 2) {
        var limits = SmallHTTPServer.Limits()
        limits.bodyBytes = Self.maximumBodyBytes
        limits.connections = 4096
        limits.requestSeconds = 60
        limits.threads = threads
        self.server = SmallHTTPServer(limits: limits) { request, eventLoop in
            eventLoop.makeSucceededFuture(Self.response(to: request))
        }
    }

    /// The bound port, once `start` returned.
    package var port: Int? { self.server.localAddress?.port }

    package func start(host: String, port: Int) async throws {
        try await self.server.start(host: host, port: port)
    }

    package func stop() async { await self.server.stop() }

    static func response(to request: SmallHTTPRequest) -> SmallHTTPResponse {
        SmallHTTPResponse(
            headers: ["content-type": "application/json"],
            body: ByteBuffer(bytes: Self.describe(request).encoded())
        )
    }

    /// `headers` is for looking things up (lower-case names, every value); `rawHeaders` is what came, in order.
    static func describe(_ request: SmallHTTPRequest) -> JSONValue {
        var names: [String] = []
        var values: [String: [JSONValue]] = [:]
        for (name, value) in request.head.headers {
            let key = name.lowercased()
            if values[key] == nil { names.append(key) }
            values[key, default: []].append(.string(value))
        }
        let bytes = request.body.readableBytesView
        let text = bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
        return [
            "method": .string(request.head.method.rawValue),
            "path": .string(request.head.uri),
            "version": .string("HTTP/\(request.head.version.major).\(request.head.version.minor)"),
            "headers": .object(names.map { .init($0, .array(values[$0] ?? [])) }),
            "rawHeaders": .array(request.head.headers.map { [.string($0.name), .string($0.value)] }),
            "body": .string(text ?? Base64.encoded(bytes)),
            "bodyEncoding": text == nil ? "base64" : "text",
            "bodyBytes": .integer(bytes.count),
            "remoteAddress": .string(Self.address(request.remoteAddress)),
        ]
    }

    private static func address(_ address: SocketAddress?) -> String {
        guard let address, let ip = address.ipAddress, let port = address.port else { return "" }
        return HostPort(host: ip, port: port).description
    }
}

/// RFC 4648, with padding.
enum Base64 {
    static func encoded(_ bytes: some Collection<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var iterator = bytes.makeIterator()
        while let first = iterator.next() {
            let second = iterator.next()
            let third = second == nil ? nil : iterator.next()
            let group = UInt32(first) << 16 | UInt32(second ?? 0) << 8 | UInt32(third ?? 0)
            output.append(alphabet[Int(group >> 18)])
            output.append(alphabet[Int(group >> 12 & 63)])
            output.append(second == nil ? UInt8(ascii: "=") : alphabet[Int(group >> 6 & 63)])
            output.append(third == nil ? UInt8(ascii: "=") : alphabet[Int(group & 63)])
        }
        return String(decoding: output, as: UTF8.self)
    }
}
