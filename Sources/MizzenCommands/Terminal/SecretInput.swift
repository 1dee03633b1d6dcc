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

    /// A line that is typed at a terminal.
    static func line(_ prompt: String) throws -> String {
        StandardError.write(prompt)
        return try self.text(try self.typed())
    }

    /// The same without echo. The terminal is as before whatever happens: it does not turn Ctrl-C into a signal
    /// meanwhile, so that this ends the process and nothing is left half done.
    static func hiddenLine(_ prompt: String) throws -> String {
        StandardError.write(prompt)
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw CommandFailure("the terminal's echo cannot be switched off: \(String(cString: strerror(errno)))")
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else {
            throw CommandFailure("the terminal's echo cannot be switched off: \(String(cString: strerror(errno)))")
        }
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            StandardError.write("\n")
        }
        return try self.text(try self.typed())
    }

    /// Up to the line's end, with the keys that a terminal handles by itself in its usual mode.
    private static func typed() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let byte = self.byte() {
            switch byte {
            case 0x0A, 0x0D, 0x04: return bytes
            case 0x03: throw CommandFailure("cancelled")
            case 0x08, 0x7F:
                // A character, which may be several bytes.
                while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
            case 0x15: bytes = []
            default:
                guard bytes.count < self.maximumBytes else {
                    throw CommandFailure("the line is longer than \(self.maximumBytes) bytes")
                }
                bytes.append(byte)
            }
        }
        return bytes
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
