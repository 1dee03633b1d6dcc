import Foundation
import Glibc
import Synchronization

/// What one request looked like when it reached the upstream.
package struct UpstreamRequest: Sendable {
    package let head: HTTPHead
    package let body: [UInt8]
    package let trailers: [HTTPHead.Field]
    /// Counts connections from 0; equal numbers mean that a connection was reused.
    package let connection: Int

    package var method: String { String(self.head.startLine.split(separator: " ").first ?? "") }
    package var target: String { String(self.head.startLine.split(separator: " ").dropFirst().first ?? "") }
    package subscript(_ name: String) -> String? { self.head[name] }
}

/// An upstream made of plain sockets and threads, which records what it gets and does what its script says,
/// however wrong. It shares no code with the gateway: one mistake must not hide the other.
package final class UpstreamServer: Sendable {
    package typealias Script = @Sendable (UpstreamExchange) throws -> Void

    private struct State {
        var requests: [UpstreamRequest] = []
        var received: [UInt8] = []
    }

    private let listener: SocketListener
    private let script: Script
    private let state = Mutex(State())

    /// Without a script: 200 and the text `METHOD TARGET`.
    package init(script: @escaping Script = { try $0.replyWithTarget() }) throws {
        self.listener = try SocketListener()
        self.script = script
        self.listener.start { [self] socket, number in self.serve(socket, number: number) }
    }

    package var port: Int { self.listener.port }
    package var requests: [UpstreamRequest] { self.state.withLock { $0.requests } }
    package var connections: Int { self.listener.connections }
    package var openConnections: Int { self.listener.open.count }

    /// Every head byte that ever arrived, as text.
    package var receivedText: String { self.state.withLock { String(decoding: $0.received, as: UTF8.self) } }

    /// The only request there was.
    package var request: UpstreamRequest {
        get throws {
            let all = self.requests
            guard all.count == 1, let one = all.first else {
                throw HarnessError("\(all.count) upstream requests, not 1")
            }
            return one
        }
    }

    /// Closes the listener and every connection.
    package func stop() { self.listener.stop() }

    /// Closes the connections, goes on listening.
    package func closeConnections() { for socket in self.listener.open { socket.shutdownWrites() } }

    private func serve(_ socket: Socket, number: Int) {
        let reader = HTTPReader(socket: socket)
        do {
            while let bytes = try reader.readHead(deadline: .seconds(120)) {
                self.state.withLock { $0.received.append(contentsOf: bytes) }
                let exchange = UpstreamExchange(
                    head: HTTPHead(bytes: bytes), socket: socket, reader: reader, connection: number,
                    record: { request in self.state.withLock { $0.requests.append(request) } })
                try self.script(exchange)
                _ = try exchange.request()
                if exchange.isOver { return }
            }
        } catch {
            // The gateway may close whenever it likes; what matters is checked from the recorded requests.
        }
    }
}

/// One request at the upstream, and the means to answer it well or badly.
package final class UpstreamExchange {
    package let head: HTTPHead
    package let connection: Int
    private let socket: Socket
    private let reader: HTTPReader
    private let record: (UpstreamRequest) -> Void
    private var complete: UpstreamRequest?
    package private(set) var isOver = false

    package init(
        head: HTTPHead, socket: Socket, reader: HTTPReader, connection: Int,
        record: @escaping (UpstreamRequest) -> Void
    ) {
        self.head = head
        self.socket = socket
        self.reader = reader
        self.connection = connection
        self.record = record
    }

    package var method: String { String(self.head.startLine.split(separator: " ").first ?? "") }
    package var target: String { String(self.head.startLine.split(separator: " ").dropFirst().first ?? "") }

    /// Reads the body (once) and records the request.
    @discardableResult
    package func request() throws -> UpstreamRequest {
        if let complete { return complete }
        let body = try self.reader.readBody(self.head, isResponse: false, deadline: .seconds(60))
        let request = UpstreamRequest(
            head: self.head, body: body.bytes, trailers: body.trailers, connection: self.connection)
        self.complete = request
        self.record(request)
        return request
    }

    /// A whole response with `content-length`, after the whole request was read.
    package func reply(_ status: Int = 200, headers: [String] = [], body: String = "") throws {
        try self.reply(status, headers: headers, bytes: Array(body.utf8))
    }

    package func reply(_ status: Int = 200, headers: [String] = [], bytes: [UInt8]) throws {
        try self.request()
        let lines = ["HTTP/1.1 \(status) Status"] + headers + ["content-length: \(bytes.count)"]
        let content = self.method == "HEAD" ? [] : bytes
        try self.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + content)
    }

    package func replyWithTarget() throws {
        try self.reply(headers: ["content-type: text/plain"], body: "\(self.method) \(self.target)")
    }

    package func send(_ text: String) throws { try self.socket.send(text) }
    package func send(_ bytes: [UInt8]) throws { try self.socket.send(bytes) }

    package func close() {
        self.isOver = true
        self.socket.close()
    }

    package func reset() {
        self.isOver = true
        self.socket.reset()
    }
}

/// Holds threads until a test says go.
package final class Gate: Sendable {
    private let opened = Mutex(false)
    package init() {}
    package func open() { self.opened.withLock { $0 = true } }
    package func wait(until deadline: Deadline = .seconds(60)) throws {
        try poll("the gate opens", until: deadline, isTrue: { self.opened.withLock { $0 } })
    }
}
