import Foundation
import Subprocess
import SystemPackage

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
        let late = ModuleFetchError(.unavailable, "\(program) did not end within \(timeoutSeconds) s")
        let outcome = await withTaskGroup(of: Swift.Result<Result, ModuleFetchError>.self) { group in
            group.addTask { await Self.run(program, arguments, input: input) }
            group.addTask {
                try? await Task.sleep(for: .seconds(timeoutSeconds))
                return .failure(late)
            }
            // Who is cancelled kills the program.
            defer { group.cancelAll() }
            return await group.next() ?? .failure(late)
        }
        return try outcome.get()
    }

    private static func run(
        _ program: String, _ arguments: [String], input: String
    ) async -> Swift.Result<Result, ModuleFetchError> {
        Self.ignoreBrokenPipes
        do {
            let result = try await Subprocess.run(
                .path(FilePath(program)), arguments: Arguments(arguments), input: .inputWriter,
                output: .bytes(limit: Self.maximumOutput), error: .bytes(limit: Self.maximumOutput)
            ) { execution in
                // One that ends without reading may have had its reasons: its status and output say them.
                _ = try? await execution.standardInputWriter.write(input)
                try? await execution.standardInputWriter.finish()
            }
            let status: Int32
            switch result.terminationStatus {
            case .exited(let code): status = code
            case .signaled(let signal): status = -signal
            }
            return .success(
                Result(
                    status: status, output: String(decoding: result.standardOutput, as: UTF8.self),
                    errors: String(decoding: result.standardError, as: UTF8.self)))
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            return .failure(ModuleFetchError(.invalid, "\(program) wrote more than \(Self.maximumOutput) bytes"))
        } catch {
            return .failure(ModuleFetchError(.invalid, "\(program) cannot be run: \(error)"))
        }
    }

    /// Writing to a program that has ended is an error, not the end of this process, as for sockets.
    private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}
