import Foundation
import Glibc

/// Debian's `docker-registry` on a port of this machine, with an empty store that goes with it.
package final class DockerRegistry: Sendable {
    /// What its htpasswd file holds.
    package static let username = "mizzen"
    package static let password = "fixed-password"
    /// bcrypt of the password, cost 5.
    private static let passwordHash = "$2y$05$abcdefghijklmnopqrstuuuPJaRkvX/GX/oyqtrfHJEvNpOkxHKEa"
    private static let program = "/usr/bin/docker-registry"

    package let port: Int
    private let folder: URL
    private let process: Process

    /// Answers requests when it returns. `tls`: speaks TLS with this certificate.
    package static func start(
        wantsPassword: Bool = false, tls: IssuedCertificate? = nil
    ) async throws -> DockerRegistry {
        let registry = try DockerRegistry(wantsPassword: wantsPassword, tls: tls)
        let deadline = Deadline.usual
        while (try? Socket.connect(port: registry.port)) == nil {
            guard registry.process.isRunning else { throw HarnessError("docker-registry ended: \(registry.log)") }
            guard !deadline.isPast else {
                registry.stop()
                throw HarnessError("docker-registry does not listen: \(registry.log)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return registry
    }

    private init(wantsPassword: Bool, tls: IssuedCertificate?) throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw HarnessError("\(Self.program) is missing: apt-get install docker-registry, or run scripts/setup")
        }
        self.port = try Ports.free()
        self.folder = FileManager.default.temporaryDirectory.appendingPathComponent("registry-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        let path = self.folder.path
        var lines = [
            "version: 0.1", "log:", "  level: error", "  accesslog:", "    disabled: true", "storage:",
            "  filesystem:", "    rootdirectory: \(path)/store", "  delete:", "    enabled: true", "http:",
            "  addr: 127.0.0.1:\(self.port)", "  secret: tests",
        ]
        if let tls {
            try Data(tls.certificate.utf8).write(to: self.folder.appendingPathComponent("cert.pem"))
            try Data(tls.key.utf8).write(to: self.folder.appendingPathComponent("key.pem"))
            lines += ["  tls:", "    certificate: \(path)/cert.pem", "    key: \(path)/key.pem"]
        }
        if wantsPassword {
            let entry = "\(Self.username):\(Self.passwordHash)\n"
            try Data(entry.utf8).write(to: self.folder.appendingPathComponent("htpasswd"))
            lines += ["auth:", "  htpasswd:", "    realm: tests", "    path: \(path)/htpasswd"]
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(
            to: self.folder.appendingPathComponent("config.yml"))
        let log = self.folder.appendingPathComponent("log")
        try Data().write(to: log)
        self.process = Process()
        self.process.executableURL = URL(fileURLWithPath: Self.program)
        self.process.arguments = ["serve", "\(path)/config.yml"]
        // Nothing of ours is to switch on something there.
        self.process.environment = ["PATH": "/usr/bin:/bin", "OTEL_TRACES_EXPORTER": "none"]
        self.process.standardInput = FileHandle.nullDevice
        let output = try FileHandle(forWritingTo: log)
        self.process.standardOutput = output
        self.process.standardError = output
        try self.process.run()
    }

    /// `127.0.0.1:PORT`
    package var host: String { "127.0.0.1:\(self.port)" }

    package var log: String {
        (try? String(contentsOf: self.folder.appendingPathComponent("log"), encoding: .utf8)) ?? ""
    }

    package func stop() {
        kill(self.process.processIdentifier, SIGKILL)
        self.process.waitUntilExit()
        try? FileManager.default.removeItem(at: self.folder)
    }
}
