#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads what must not be seen: never from arguments, which every process of the machine can read.
enum SecretInput {
    static let maximumBytes = 64 << 10

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Standard input up to its end, without the line break that tools put there.
    static func all() throws -> String {
        var bytes: [UInt8] = []
        while let byte = self.byte() {
            guard bytes.count < self.maximumBytes else {
                throw CommandFailure("standard input: more than \(self.maximumBytes) bytes are no password")
            }
            bytes.append(byte)
        }
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        return try self.text(bytes)
    }

    /// A line that is typed at a terminal. `hidden`: without echo.
    static func line(_ prompt: String, hidden: Bool) throws -> String {
        StandardError.write(prompt)
        var before = termios()
        let hides = hidden && tcgetattr(STDIN_FILENO, &before) == 0
        if hides {
            var silent = before
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        defer {
            if hides {
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
                StandardError.write("\n")
            }
        }
        var bytes: [UInt8] = []
        while let byte = self.byte(), byte != 0x0A {
            guard bytes.count < self.maximumBytes else {
                throw CommandFailure("the line is longer than \(self.maximumBytes) bytes")
            }
            bytes.append(byte)
        }
        return try self.text(bytes)
    }

    private static func text(_ bytes: [UInt8]) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("standard input: not UTF-8 text")
        }
        return text
    }

    private static func byte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            return count == 1 ? byte : nil
        }
    }
}
