import Glibc

/// Reads HTTP/1 messages from a socket: heads, and bodies by their framing.
package final class HTTPReader {
    private let socket: Socket
    private var buffer: [UInt8] = []
    private var start = 0

    package struct Body {
        package var bytes: [UInt8] = []
        package var trailers: [HTTPHead.Field] = []
        package var framing: Framing = .none
    }

    package enum Framing { case none, length, chunked, close }

    package init(socket: Socket) { self.socket = socket }

    /// Bytes of the next head with its blank line; nil when the peer closed before the first byte.
    package func readHead(deadline: Deadline) throws -> [UInt8]? {
        var searched = 0
        while true {
            if let end = self.indexAfterBlankLine(from: max(0, searched - 3)) {
                return self.take(end)
            }
            searched = self.buffer.count - self.start
            if try self.fill(deadline: deadline) == 0 {
                if searched == 0 { return nil }
                throw HarnessError("the peer closed within a head: \(self.peekText)")
            }
        }
    }

    package func readBody(_ head: HTTPHead, isResponse: Bool, deadline: Deadline) throws -> Body {
        if head["transfer-encoding"]?.lowercased().contains("chunked") == true {
            return try self.readChunked(deadline: deadline)
        }
        if let length = head["content-length"] {
            guard let count = Int(length) else { throw HarnessError("content-length \(length)") }
            return Body(bytes: try self.readExactly(count, deadline: deadline), framing: .length)
        }
        return isResponse ? Body(bytes: try self.readToEnd(deadline: deadline), framing: .close) : Body()
    }

    /// Everything until the peer closes; a reset ends it like a close.
    package func readToEnd(deadline: Deadline) throws -> [UInt8] {
        while true {
            do {
                if try self.fill(deadline: deadline) == 0 { break }
            } catch {
                if "\(error)".contains("timed out") { throw error }
                break
            }
        }
        return self.take(self.buffer.count - self.start)
    }

    private func readChunked(deadline: Deadline) throws -> Body {
        var body = Body(framing: .chunked)
        while true {
            let line = try self.readLine(deadline: deadline)
            let digits = line.prefix { $0 != ";" }.trimmingSpaces()
            guard let size = Int(digits, radix: 16) else { throw HarnessError("chunk size line '\(line)'") }
            if size == 0 { break }
            body.bytes.append(contentsOf: try self.readExactly(size, deadline: deadline))
            guard try self.readLine(deadline: deadline).isEmpty else { throw HarnessError("no line end after a chunk") }
        }
        while true {
            let line = try self.readLine(deadline: deadline)
            if line.isEmpty { return body }
            body.trailers.append(contentsOf: HTTPHead(bytes: Array("x\r\n\(line)\r\n".utf8)).fields)
        }
    }

    private func readLine(deadline: Deadline) throws -> String {
        while true {
            if let end = self.buffer[self.start...].firstIndex(of: 10) {
                let bytes = self.take(end + 1 - self.start)
                return String(
                    decoding: bytes.dropLast(bytes.count > 1 && bytes[bytes.count - 2] == 13 ? 2 : 1), as: UTF8.self)
            }
            if try self.fill(deadline: deadline) == 0 { throw HarnessError("the peer closed within a body") }
        }
    }

    private func readExactly(_ count: Int, deadline: Deadline) throws -> [UInt8] {
        while self.buffer.count - self.start < count {
            if try self.fill(deadline: deadline) == 0 {
                throw HarnessError("the peer closed after \(self.buffer.count - self.start) of \(count) bytes")
            }
        }
        return self.take(count)
    }

    private func fill(deadline: Deadline) throws -> Int {
        try self.socket.receive(into: &self.buffer, deadline: deadline)
    }

    private func take(_ count: Int) -> [UInt8] {
        let bytes = Array(self.buffer[self.start..<(self.start + count)])
        self.start += count
        if self.start == self.buffer.count {
            self.buffer.removeAll(keepingCapacity: true)
            self.start = 0
        }
        return bytes
    }

    private func indexAfterBlankLine(from offset: Int) -> Int? {
        var index = self.start + offset
        while index + 4 <= self.buffer.count {
            if self.buffer[index] == 13, self.buffer[index + 1] == 10, self.buffer[index + 2] == 13,
                self.buffer[index + 3] == 10
            {
                return index + 4 - self.start
            }
            index += 1
        }
        return nil
    }

    private var peekText: String { String(decoding: self.buffer[self.start...].prefix(200), as: UTF8.self) }
}
