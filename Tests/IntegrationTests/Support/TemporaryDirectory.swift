import Foundation
import Synchronization

/// A directory that is gone when the test is over.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        AtExit.install
        let folder = FileManager.default.temporaryDirectory.appending(path: "mizzen-it-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        self.path = folder.path
        AtExit.directories.withLock { _ = $0.insert(folder.path) }
    }

    deinit {
        AtExit.directories.withLock { _ = $0.remove(self.path) }
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// Writes like an editor does: a new file takes the old one's name in one step.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let target = "\(self.path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: target), options: .atomic)
        return target
    }

    /// Below folders that are made for it.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        let target = URL(filePath: "\(self.path)/\(name)")
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: target)
    }

    func copy(_ source: String, to name: String) throws -> String {
        let target = "\(self.path)/\(name)"
        try Data(contentsOf: URL(filePath: source)).write(to: URL(filePath: target), options: .atomic)
        return target
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(self.path)/\(name)") }
}
