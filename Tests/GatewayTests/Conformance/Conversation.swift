import Foundation
import Gateway
import Synchronization
import TestSupport

/// The client's side of a case; everything here blocks, on a thread of its own.
final class Conversation {
    let gateway: ConformanceGateway
    /// What the client saw, a line for each response.
    private(set) var seen: [String] = []
    private var open: [RawHTTP] = []
    private let isChain: Bool

    init(_ gateway: ConformanceGateway, isChain: Bool) {
        self.gateway = gateway
        self.isChain = isChain
    }

    /// The connection that most cases have.
    lazy var client: Result<RawHTTP, any Error> = Result { try self.connect() }

    func connect() throws -> RawHTTP {
        let connection = try RawHTTP(port: self.gateway.port)
        self.open.append(connection)
        return connection
    }

    /// Sends bytes on the usual connection.
    func send(_ text: String) throws { try self.client.get().send(text) }

    /// Sends a request and notes its response.
    func exchange(_ text: String, head: Bool = false) throws {
        try self.send(text)
        try self.receive(head: head)
    }

    /// Notes the next response, or how the connection ended without one.
    func receive(_ connection: RawHTTP? = nil, head: Bool = false) throws {
        let connection = try connection ?? self.client.get()
        let response: RawHTTP.Response
        do {
            response = try connection.response(to: head ? "HEAD" : "GET")
        } catch {
            let text = "\(error)"
            if text.contains("before a response") || text.contains("receive:") {
                self.seen.append("closed")
            } else if text.contains("closed") {
                self.seen.append("broken")
            } else {
                throw error
            }
            return
        }
        let fields = response.head.fields + Self.marked(response.trailers)
        self.seen.append(Self.line("\(response.status)", fields, body: response.body))
    }

    /// Notes a line of the client's own.
    func note(_ line: String) { self.seen.append(line) }

    func close() throws { try self.client.get().close() }

    func closeAll() {
        for connection in self.open { connection.close() }
    }

    /// What the guests have logged so far; with several plugins every line begins with the plugin's name.
    var guestLines: [String] {
        self.gateway.log.guestLines.map { self.isChain ? "\($0.plugin) \($0.text)" : $0.text }
    }

    /// Waits until a guest has logged that line so often.
    func await(_ line: String, count: Int = 1) throws {
        try poll("the line '\(line)' in \(self.guestLines)", isTrue: { self.guestLines.count { $0 == line } >= count })
    }

    func awaitCalls(_ count: Int) throws {
        try poll("\(count) calls", isTrue: { self.gateway.callee.requests.count >= count })
    }

    func awaitLog(_ text: String) throws {
        try poll("'\(text)' in the log", isTrue: { self.gateway.log.text.contains(text) })
    }

    /// Another configuration.
    func apply(_ plugins: [TestPlugin]) throws {
        let gateway = self.gateway
        try Self.wait { try await gateway.apply(plugins) }
    }

    /// The gateway's account of a plugin.
    func status(_ name: String) throws -> PluginStatus {
        let gateway = self.gateway
        let status = try Self.wait { await gateway.status() }
        guard let plugin = status.plugins.first(where: { $0.name == name }) else {
            throw HarnessError("no plugin \(name)")
        }
        return plugin
    }

    private static func wait<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let outcome = Mutex<Result<Value, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            let result: Result<Value, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = outcome.withLock({ $0 }) else { throw HarnessError("no outcome") }
        return try result.get()
    }

    // MARK: Lines

    /// `START name=value … length=N 'BODY' ~trailer=value`, without the headers that every message has.
    static func line(_ start: String, _ fields: [HTTPHead.Field], body: [UInt8]) -> String {
        let usual: Set = ["host", "connection", "x-forwarded-for", "x-forwarded-proto", "x-request-id"]
        var parts = [start]
        var framing: [String] = []
        var trailers: [String] = []
        for field in fields.sorted(by: { $0.name < $1.name }) where !usual.contains(field.name) {
            switch field.name {
            case "content-length": framing.append("length=\(field.value)")
            case "transfer-encoding": framing.append(field.value)
            case _ where field.name.hasPrefix("~"): trailers.append("\(field.name)=\(field.value)")
            default: parts.append("\(field.name)=\(field.value)")
            }
        }
        parts += framing
        if !body.isEmpty { parts.append("'\(String(decoding: body, as: UTF8.self))'") }
        return (parts + trailers).joined(separator: " ")
    }

    private static func marked(_ trailers: [HTTPHead.Field]) -> [HTTPHead.Field] {
        trailers.map { HTTPHead.Field(name: "~\($0.name)", value: $0.value) }
    }

    static func line(_ request: UpstreamRequest) -> String {
        let fields = request.head.fields + Self.marked(request.trailers)
        return self.line("\(request.method) \(request.target)", fields, body: request.body)
    }
}
