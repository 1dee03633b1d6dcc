import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ProxyWasm

/// A plugin's call to another service (`proxy_http_call`), over the process's shared client.
struct HTTPCall: Sendable {
    struct Response: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: ByteBuffer
    }

    private var request: HTTPClientRequest
    private let timeout: TimeAmount
    private let responseLimit: Int

    /// - Parameters:
    ///   - timeoutMilliseconds: 0: a minute.
    ///   - responseLimit: A larger response body fails the call.
    init(base: String, headers: HeaderMap, body: ByteBuffer, timeoutMilliseconds: UInt32, responseLimit: Int) {
        self.request = HTTPClientRequest(url: base)
        for (name, value) in headers.pairs {
            switch name {
            case ":method": self.request.method = HTTPMethod(rawValue: value)
            case ":path": self.request.url = base + value
            case ":authority": self.request.headers.replaceOrAdd(name: "host", value: value)
            case _ where name.hasPrefix(":"), "content-length", "transfer-encoding", "connection", "host": break
            default: self.request.headers.add(name: name, value: value)
            }
        }
        if body.readableBytes > 0 { self.request.body = .bytes(body) }
        self.timeout = timeoutMilliseconds == 0 ? .seconds(60) : .milliseconds(Int64(timeoutMilliseconds))
        self.responseLimit = responseLimit
    }

    /// Nil: no answer.
    func run() async -> Response? {
        do {
            let response = try await HTTPClient.shared.execute(self.request, timeout: self.timeout)
            let body = try await response.body.collect(upTo: self.responseLimit)
            return Response(status: Int(response.status.code), headers: response.headers, body: body)
        } catch {
            return nil
        }
    }
}
