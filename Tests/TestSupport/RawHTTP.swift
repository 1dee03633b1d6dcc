import Foundation

/// A client connection that sends exactly the bytes it is given.
package final class RawHTTP {
    package struct Response {
        package let head: HTTPHead
        package let status: Int
        package let body: [UInt8]
        package let trailers: [HTTPHead.Field]
        package let framing: HTTPReader.Framing

        package subscript(_ name: String) -> String? { self.head[name] }
        package var text: String { String(decoding: self.body, as: UTF8.self) }

        /// The body as JSON, for the echo upstream and the admin pages.
        package var json: [String: Any] {
            get throws {
                guard let object = try JSONSerialization.jsonObject(with: Data(self.body)) as? [String: Any] else {
                    throw HarnessError("not a JSON object: \(self.text.prefix(300))")
                }
                return object
            }
        }
    }

    package let socket: Socket
    private let reader: HTTPReader

    package init(port: Int) throws {
        self.socket = try Socket.connect(port: port)
        self.reader = HTTPReader(socket: self.socket)
    }

    package func send(_ text: String) throws { try self.socket.send(text) }
    package func send(_ bytes: [UInt8]) throws { try self.socket.send(bytes) }

    /// Sends a request with `host` and, for a body, `content-length`.
    package func request(
        _ method: String = "GET",
        _ target: String,
        host: String = "mizzen.test",
        headers: [String] = [],
        body: [UInt8] = []
    ) throws {
        var lines = ["\(method) \(target) HTTP/1.1", "host: \(host)"] + headers
        if !body.isEmpty { lines.append("content-length: \(body.count)") }
        try self.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// The next response; with `skipsInterim` 1xx ones are passed over.
    package func response(
        to method: String = "GET",
        skipsInterim: Bool = true,
        deadline: Deadline = .usual
    ) throws -> Response {
        while true {
            guard let bytes = try self.reader.readHead(deadline: deadline) else {
                throw HarnessError("the connection closed before a response")
            }
            let head = HTTPHead(bytes: bytes)
            let words = head.startLine.split(separator: " ", maxSplits: 2)
            guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
                throw HarnessError("not a status line: \(head.startLine)")
            }
            if status < 200 && status != 101 && skipsInterim { continue }
            let hasBody = status >= 200 && status != 204 && status != 304 && method != "HEAD"
            let body =
                hasBody
                ? try self.reader.readBody(head, isResponse: true, deadline: deadline) : HTTPReader.Body()
            return Response(
                head: head, status: status, body: body.bytes, trailers: body.trailers, framing: body.framing)
        }
    }

    /// Request and response on this connection.
    package func exchange(
        _ method: String = "GET",
        _ target: String,
        host: String = "mizzen.test",
        headers: [String] = [],
        body: [UInt8] = [],
        deadline: Deadline = .usual
    ) throws -> Response {
        try self.request(method, target, host: host, headers: headers, body: body)
        return try self.response(to: method, deadline: deadline)
    }

    /// Waits for the other side to close; gives what still came.
    package func untilClosed(deadline: Deadline = .usual) throws -> [UInt8] {
        try self.reader.readToEnd(deadline: deadline)
    }

    package func close() { self.socket.close() }

    /// One request on a connection of its own.
    package static func once(
        port: Int,
        _ method: String = "GET",
        _ target: String,
        host: String = "mizzen.test",
        headers: [String] = [],
        body: [UInt8] = [],
        deadline: Deadline = .usual
    ) throws -> Response {
        let connection = try RawHTTP(port: port)
        defer { connection.close() }
        return try connection.exchange(method, target, host: host, headers: headers, body: body, deadline: deadline)
    }
}
