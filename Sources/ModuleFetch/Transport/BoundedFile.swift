import Foundation

/// Reads whole files of at most so many bytes.
enum BoundedFile {
    /// `.notFound` when there is none, `.invalid` when it cannot be read or is larger than `limit` bytes.
    static func read(_ path: String, limit: Int) throws(ModuleFetchError) -> [UInt8] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw ModuleFetchError(.notFound, "there is no file \(path)")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw ModuleFetchError(.invalid, "the file \(path) cannot be read; look at its permissions")
        }
        defer { try? file.close() }
        let data: Data
        do {
            data = try file.read(upToCount: limit + 1) ?? Data()
        } catch {
            throw ModuleFetchError(.invalid, "the file \(path) cannot be read: \(error.localizedDescription)")
        }
        guard data.count <= limit else {
            throw ModuleFetchError(.invalid, "the file \(path) is larger than \(limit) bytes")
        }
        return Array(data)
    }
}
