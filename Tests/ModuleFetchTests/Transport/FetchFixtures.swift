import Foundation
import ModuleFetch
import NIOSSL
import Synchronization
import TestSupport
import Testing

/// A transport for the length of a test.
func withTransport<Result>(
    _ options: FetchOptions = .forTests(), resolver: NameResolver? = nil,
    _ body: (HTTPTransport) async throws -> Result
) async throws -> Result {
    let transport = HTTPTransport(options: options, resolver: resolver)
    do {
        let result = try await body(transport)
        await transport.shutdown()
        return result
    } catch {
        await transport.shutdown()
        throw error
    }
}

extension FetchOptions {
    /// `plain`: hosts that are spoken to without TLS.
    static func forTests(plain: [String] = []) -> FetchOptions {
        var options = FetchOptions()
        for host in plain { options.registries[host] = HostOptions(plain: true) }
        return options
    }
}

extension HostOptions {
    init(plain: Bool = false, authorityFile: String? = nil) {
        self.init()
        self.isPlainHTTP = plain
        self.certificateAuthorityFile = authorityFile
    }
}

extension NameResolver {
    /// Names from a table, nothing else.
    static func table(_ names: [String: [String]]) -> NameResolver {
        NameResolver { (host: String, _: Double) async throws(ModuleFetchError) -> [IPAddress] in
            guard let texts = names[host] else { throw ModuleFetchError(.unavailable, "no address for \(host)") }
            return texts.compactMap { IPAddress($0) }
        }
    }
}

/// Keeps what was logged.
final class LogRecorder: Sendable {
    private let kept = Mutex<[String]>([])
    var lines: [String] { self.kept.withLock { $0 } }
    var log: FetchLog { FetchLog { level, text in self.kept.withLock { $0.append("\(level.rawValue): \(text)") } } }
}

/// Always the same credentials; counts how often they were asked for.
final class FixedCredentials: CredentialSource {
    private let credential: RegistryCredential?
    private let count = Mutex(0)

    init(_ username: String, _ password: String, identityToken: String? = nil) {
        self.credential = RegistryCredential(
            username: username, password: password, identityToken: identityToken, source: "the test")
    }

    var asked: Int { self.count.withLock { $0 } }

    func credential(for registry: String) async throws(ModuleFetchError) -> RegistryCredential? {
        self.count.withLock { $0 += 1 }
        return self.credential
    }
}

/// A folder that goes with the test.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fetch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

/// The error of a call that must fail.
func failure(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> ModuleFetchError {
    do {
        try await body()
    } catch let error as ModuleFetchError {
        return error
    }
    Issue.record("no error came", sourceLocation: sourceLocation)
    throw HarnessError("no error came")
}
