import Foundation
import TestSupport

/// Where the things under test stand; a missing one fails with the command that makes it.
enum Repository {
    static let root: String = {
        var url = URL(filePath: #filePath)
        // Support/Repository.swift → Support → IntegrationTests → Tests → the repository.
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The real binary: `MIZZEN_BINARY`, or the release build.
    static var binary: String {
        get throws {
            let path = ProcessInfo.processInfo.environment["MIZZEN_BINARY"] ?? "\(self.root)/.build/release/mizzen"
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw HarnessError("no mizzen binary at \(path); run 'swift build -c release --product mizzen'")
            }
            return path
        }
    }

    /// A test plugin by name: `MIZZEN_PLUGINS`, or what `scripts/build-plugins` left in `.build/plugins`.
    static func plugin(_ name: String) throws -> String {
        let folder = ProcessInfo.processInfo.environment["MIZZEN_PLUGINS"] ?? "\(self.root)/.build/plugins"
        let path = "\(folder)/\(name).wasm"
        guard FileManager.default.fileExists(atPath: path) else {
            throw HarnessError("no test plugin at \(path); run 'scripts/build-plugins'")
        }
        return path
    }

    /// Runs one command to its end.
    static func run(_ arguments: String..., deadline: Deadline = .usual) throws -> ChildProcess {
        let process = try ChildProcess(self.binary, arguments)
        defer { process.stop() }
        try process.waitForExit(deadline: deadline)
        return process
    }
}
