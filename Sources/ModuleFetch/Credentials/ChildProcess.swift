import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Runs a program to its end, with bounded output and time.
enum ChildProcess {
    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Of either output, bytes.
    private static let maximumOutput = 256 << 10

    /// The first executable of this name in the folders of `PATH`.
    static func find(_ name: String, path: String) -> String? {
        path.split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// `.unavailable` when it does not end in time, `.invalid` when it cannot be started or says too much.
    static func run(
        _ program: String, _ arguments: [String], input: String, timeoutSeconds: Double
    ) async throws(ModuleFetchError) -> Result {
        let result: Swift.Result<Result, ModuleFetchError>
        do {
            result = try await NIOThreadPool.singleton.runIfActive {
                do throws(ModuleFetchError) {
                    return .success(try Self.runBlocking(program, arguments, input: input, timeoutSeconds))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw ModuleFetchError(.unavailable, "\(program) was not started: shutting down")
        }
        return try result.get()
    }

    private static func runBlocking(
        _ program: String, _ arguments: [String], input: String, _ timeoutSeconds: Double
    ) throws(ModuleFetchError) -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = stderr
        do {
            try process.run()
        } catch {
            throw ModuleFetchError(.invalid, "\(program) cannot be started: \(error.localizedDescription)")
        }
        // Small enough for the pipe's buffer; a helper that does not read must not hold us or raise SIGPIPE.
        Self.write(input, to: stdin.fileHandleForWriting)
        let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
        var output = BoundedOutput(stdout.fileHandleForReading.fileDescriptor, limit: Self.maximumOutput)
        var errors = BoundedOutput(stderr.fileHandleForReading.fileDescriptor, limit: Self.maximumOutput)
        while !output.isOver || !errors.isOver || process.isRunning {
            let isLate = ContinuousClock.now >= deadline
            if isLate || output.isTooLong || errors.isTooLong {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                throw isLate
                    ? ModuleFetchError(.unavailable, "\(program) did not end within \(timeoutSeconds) s")
                    : ModuleFetchError(.invalid, "\(program) wrote more than \(Self.maximumOutput) bytes")
            }
            if output.isOver, errors.isOver {
                usleep(2000)
            } else {
                BoundedOutput.wait(&output, &errors)
            }
        }
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: output.text, errors: errors.text)
    }

    private static func write(_ text: String, to handle: FileHandle) {
        let descriptor = handle.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        // This thread does not die of a reader that has gone.
        var set = sigset_t()
        var old = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &set, &old)
        let bytes = Array(text.utf8)
        let count = Foundation.write(descriptor, bytes, bytes.count)
        if count < 0, errno == EPIPE {
            var pending = sigset_t()
            sigpending(&pending)
            var none = timespec()
            if sigismember(&pending, SIGPIPE) == 1 { _ = sigtimedwait(&set, nil, &none) }
        }
        pthread_sigmask(SIG_SETMASK, &old, nil)
        try? handle.close()
    }
}

/// What comes out of a pipe, up to a limit.
private struct BoundedOutput {
    private let descriptor: Int32
    private let limit: Int
    private var bytes: [UInt8] = []
    private(set) var isOver = false

    init(_ descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        self.limit = limit
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    var isTooLong: Bool { self.bytes.count > self.limit }
    var text: String { String(decoding: self.bytes, as: UTF8.self) }

    /// Waits at most 50 ms for either to say something, and takes it.
    static func wait(_ first: inout BoundedOutput, _ second: inout BoundedOutput) {
        var entries = [first, second].map { output in
            pollfd(fd: output.isOver ? -1 : output.descriptor, events: Int16(POLLIN), revents: 0)
        }
        _ = poll(&entries, nfds_t(entries.count), 50)
        first.take()
        second.take()
    }

    private mutating func take() {
        guard !self.isOver else { return }
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(self.descriptor, &chunk, chunk.count)
        if count > 0 {
            self.bytes += chunk.prefix(count)
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            self.isOver = true
        }
    }
}
