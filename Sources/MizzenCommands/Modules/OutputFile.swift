#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Files that commands write: whole or not at all.
enum OutputFile {
    static func write(_ path: String, _ bytes: [UInt8]) throws(CommandFailure) {
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandFailure("\(path): cannot be written; is the folder there, and may you write to it?")
        }
    }

    static func exists(_ path: String) -> Bool { FileStatus(path: path) != nil }

    /// A folder with these files, which must be new or empty.
    static func writeFolder(_ path: String, _ files: [(path: String, bytes: [UInt8])]) throws(CommandFailure) {
        let manager = FileManager.default
        if let present = try? manager.contentsOfDirectory(atPath: path), !present.isEmpty {
            throw CommandFailure("\(path): the folder is not empty; name a new one")
        }
        for file in files {
            let target = "\(path)/\(file.path)"
            let folder = String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)])
            do {
                try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw CommandFailure("\(folder): the folder cannot be made")
            }
            try self.write(target, file.bytes)
        }
    }
}
