import Crypto

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads files that others may change, grow or replace meanwhile.
package enum BoundedFile {
    package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String
    }

    /// The bytes of a regular file.
    package static func read(_ path: String, maximumBytes: Int) throws(Problem) -> [UInt8] {
        // Without O_NONBLOCK, opening a FIFO would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Problem(description: "\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Problem(description: "\(path): not a regular file")
        }
        let size = Int(status.st_size)
        guard size <= maximumBytes else {
            throw Problem(description: "\(path): \(size) bytes, larger than the \(maximumBytes) that are read")
        }
        var bytes = [UInt8](repeating: 0, count: min(size + 1, maximumBytes + 1))
        var filled = 0
        while true {
            if filled == bytes.count {
                guard filled <= maximumBytes else {
                    throw Problem(description: "\(path): grew beyond the \(maximumBytes) bytes that are read")
                }
                bytes.append(contentsOf: repeatElement(0, count: min(64 << 10, maximumBytes + 1 - filled)))
            }
            let count = bytes.withUnsafeMutableBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                return systemRead(descriptor, base + filled, buffer.count - filled)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Problem(description: "\(path): \(String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            filled += count
        }
        guard filled <= maximumBytes else {
            throw Problem(description: "\(path): grew beyond the \(maximumBytes) bytes that are read")
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

extension SHA256.Digest {
    /// Lower-case hexadecimal.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self { text += [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
