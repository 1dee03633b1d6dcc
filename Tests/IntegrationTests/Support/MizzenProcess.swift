import Foundation
import Glibc
import TestSupport

/// The real binary, started on a directory of YAML, with its own ports.
final class MizzenProcess: Sendable {
    let port: Int
    let adminPort: Int
    let directory: TemporaryDirectory
    let process: ChildProcess

    /// One for the whole run: what one gateway has compiled need not be compiled by the next.
    private static let cache = try? TemporaryDirectory()

    /// `write` fills the configuration directory for a listener on the given port.
    private init(
        concurrency: Int = 1,
        identity: [String] = ["--namespace", "edge", "--labels", "istio=ingressgateway"],
        arguments: [String] = [],
        environment: [String: String] = [:],
        write: (TemporaryDirectory, Int) throws -> Void
    ) throws {
        self.port = try Ports.free()
        self.adminPort = try Ports.free()
        self.directory = try TemporaryDirectory()
        try write(self.directory, self.port)
        let cache = Self.cache?.path ?? self.directory.path
        self.process = try ChildProcess(
            Repository.binary,
            [
                "run", "-f", self.directory.path,
                "--admin-address", "127.0.0.1:\(self.adminPort)",
                "--concurrency", "\(concurrency)",
                "--cache-dir", cache,
            ] + identity + arguments,
            environment: environment)
    }

    private static func standard(_ configuration: String) -> (TemporaryDirectory, Int) throws -> Void {
        { directory, port in
            try directory.write("gateway.yaml", YAML.gateway(port: port))
            try directory.write("config.yaml", configuration)
        }
    }

    /// Starts a gateway, waits until it is ready, runs `body`, and ends the gateway whatever happened. What the
    /// gateway wrote is added to an error.
    static func run<Result>(
        _ configuration: String,
        concurrency: Int = 1,
        arguments: [String] = [],
        environment: [String: String] = [:],
        waitsForReady: Bool = true,
        body: (MizzenProcess) throws -> Result
    ) throws -> Result {
        let gateway = try MizzenProcess(
            concurrency: concurrency, arguments: arguments, environment: environment,
            write: Self.standard(configuration))
        return try gateway.finish(waitsForReady: waitsForReady, body)
    }

    /// The same for a configuration of several files; without `identity` the defaults of namespace and labels hold.
    static func runFiles<Result>(
        identity: [String] = [],
        _ write: (TemporaryDirectory, Int) throws -> Void,
        body: (MizzenProcess) throws -> Result
    ) throws -> Result {
        try MizzenProcess(identity: identity, write: write).finish(body)
    }

    private func finish<Result>(
        waitsForReady: Bool = true, _ body: (MizzenProcess) throws -> Result
    ) throws -> Result {
        defer { self.process.stop() }
        do {
            if waitsForReady { try self.waitUntilReady() }
            return try body(self)
        } catch {
            throw HarnessError("\(error)\nmizzen's last lines:\n\(self.logTail)")
        }
    }

    /// For a gateway that several tests share; ends with the test process.
    static func start(_ configuration: String, concurrency: Int = 1) throws -> MizzenProcess {
        let gateway = try MizzenProcess(concurrency: concurrency, write: Self.standard(configuration))
        try gateway.waitUntilReady()
        return gateway
    }

    var log: [String] { self.process.standardError }
    var logTail: String { self.log.suffix(25).joined(separator: "\n") }

    func waitUntilReady(deadline: Deadline = .seconds(60)) throws {
        try poll("GET /ready answers 200; stderr:\n\(self.logTail)", until: deadline) {
            guard self.process.isRunning else {
                throw HarnessError("mizzen ended before it was ready:\n\(self.logTail)")
            }
            return (try? self.admin("/ready", deadline: .seconds(5)))?.status == 200 ? true : nil
        }
    }

    /// Waits for a line on stderr that contains all of the texts.
    @discardableResult
    func waitForLog(_ texts: String..., deadline: Deadline = .usual) throws -> String {
        try poll("a log line with \(texts); stderr:\n\(self.logTail)", until: deadline) {
            self.log.first { line in texts.allSatisfy { line.contains($0) } }
        }
    }

    /// How many lines on stderr contain the text.
    func logLines(with text: String) -> Int { self.log.count { $0.contains(text) } }

    func reconfigure(_ configuration: String) throws { try self.directory.write("config.yaml", configuration) }

    func connect() throws -> RawHTTP { try RawHTTP(port: self.port) }

    func get(
        _ target: String, host: String = "mizzen.test", headers: [String] = [], deadline: Deadline = .usual
    ) throws -> RawHTTP.Response {
        try RawHTTP.once(port: self.port, "GET", target, host: host, headers: headers, deadline: deadline)
    }

    func send(
        _ method: String, _ target: String, headers: [String] = [], body: [UInt8] = []
    ) throws -> RawHTTP.Response {
        try RawHTTP.once(port: self.port, method, target, headers: headers, body: body)
    }

    func admin(
        _ target: String, method: String = "GET", deadline: Deadline = .usual
    ) throws -> RawHTTP.Response {
        try RawHTTP.once(
            port: self.adminPort, method, target, host: "127.0.0.1:\(self.adminPort)",
            headers: method == "POST" ? ["content-length: 0"] : [], deadline: deadline)
    }

    /// The value of a counter or gauge in `/stats/prometheus`, summed over its label sets.
    func metric(_ name: String) throws -> Double {
        try self.admin("/stats/prometheus").text.split(separator: "\n").reduce(0) { sum, line in
            guard line.hasPrefix("\(name){") || line.hasPrefix("\(name) "), let value = line.split(separator: " ").last
            else { return sum }
            return sum + (Double(value) ?? 0)
        }
    }
}
