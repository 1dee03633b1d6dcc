import Foundation
import Glibc
import Synchronization
import TestSupport

/// A child process whose output is collected line by line and which cannot outlive the tests.
final class ChildProcess: Sendable {
    private struct State {
        var standardOutput: [String] = []
        var standardError: [String] = []
        var openPipes = 2
        var status: Int32?
    }

    let identifier: pid_t
    private let state = Mutex(State())

    /// - Parameter input: The file that is its standard input.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null"
    ) throws {
        AtExit.install
        let output = try Self.makePipe()
        let errors = try Self.makePipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.write, 2)

        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var argv = ([program] + arguments).map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var identifier: pid_t = 0
        let result = Descriptors.withoutSpawning { posix_spawn(&identifier, program, &actions, nil, &argv, &envp) }
        Glibc.close(output.write)
        Glibc.close(errors.write)
        guard result == 0 else {
            Glibc.close(output.read)
            Glibc.close(errors.read)
            throw HarnessError("cannot start \(program): \(String(cString: strerror(result)))")
        }
        self.identifier = identifier
        AtExit.processes.withLock { _ = $0.insert(identifier) }

        self.collect(output.read) { $0.standardOutput.append($1) }
        self.collect(errors.read) { $0.standardError.append($1) }
        let waiter = Thread { [self] in
            var status: Int32 = 0
            while waitpid(self.identifier, &status, 0) < 0 && errno == EINTR {}
            AtExit.processes.withLock { _ = $0.remove(self.identifier) }
            self.state.withLock { $0.status = status }
        }
        waiter.start()
    }

    var standardOutput: [String] { self.state.withLock { $0.standardOutput } }
    var standardError: [String] { self.state.withLock { $0.standardError } }
    var isRunning: Bool { self.state.withLock { $0.status == nil } }

    /// Exit code, or minus the signal's number; nil while it runs.
    var exitCode: Int32? {
        self.state.withLock { state in
            guard let status = state.status, state.openPipes == 0 else { return nil }
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
        }
    }

    func signal(_ number: Int32) {
        self.state.withLock { state in
            // Under the lock: once waited for, the number may belong to somebody else.
            if state.status == nil { kill(self.identifier, number) }
        }
    }

    @discardableResult
    func waitForExit(deadline: Deadline = .usual) throws -> Int32 {
        try poll("process \(self.identifier) ends", until: deadline) { self.exitCode }
    }

    /// SIGTERM, then SIGKILL for the stubborn.
    func stop(graceSeconds: Double = 5) {
        self.signal(SIGTERM)
        if (try? self.waitForExit(deadline: .seconds(graceSeconds))) == nil {
            self.signal(SIGKILL)
            _ = try? self.waitForExit(deadline: .seconds(10))
        }
    }

    private func collect(_ descriptor: Int32, _ add: @escaping @Sendable (inout State, String) -> Void) {
        let thread = Thread { [self] in
            var pending: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { break }
                pending.append(contentsOf: chunk[..<count])
                while let end = pending.firstIndex(of: 10) {
                    let line = String(decoding: pending[..<end], as: UTF8.self)
                    pending.removeSubrange(...end)
                    self.state.withLock { add(&$0, line) }
                }
            }
            Glibc.close(descriptor)
            self.state.withLock { state in
                if !pending.isEmpty { add(&state, String(decoding: pending, as: UTF8.self)) }
                state.openPipes -= 1
            }
        }
        thread.start()
    }

    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var descriptors: [Int32] = [0, 0]
        let result = Descriptors.withoutSpawning {
            let result = pipe(&descriptors)
            for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            return result
        }
        guard result == 0 else { throw HarnessError.system("pipe") }
        return (descriptors[0], descriptors[1])
    }
}
