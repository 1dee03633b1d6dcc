import Foundation

/// A program `docker-credential-NAME`, as Docker's credential helpers are: what it is asked on standard input, what it
/// answers as JSON on standard output.
struct CredentialHelper: Sendable {
    private struct Answer: Decodable {
        var Username: String?
        var Secret: String?
    }

    private struct Entry: Encodable {
        var ServerURL: String
        var Username: String
        var Secret: String
    }

    /// The program's name, without a folder.
    let program: String
    private let searchPath: String
    private let timeoutSeconds: Double

    /// `.invalid` when the name is not made of letters, digits, `.`, `_` and `-`.
    init(_ name: String, searchPath: String, timeoutSeconds: Double) throws(ModuleFetchError) {
        let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
        guard (1...100).contains(name.utf8.count), name.allSatisfy({ allowed.contains($0) }) else {
            throw ModuleFetchError(.invalid, "'\(name.prefix(100))' is no name of a credential helper")
        }
        self.program = "docker-credential-\(name)"
        self.searchPath = searchPath
        self.timeoutSeconds = timeoutSeconds
    }

    /// nil when the helper knows none. `server`: as in `config.json`.
    func get(_ server: String) async throws(ModuleFetchError) -> RegistryCredential? {
        let result = try await self.run("get", input: server)
        guard result.status == 0 else {
            let text = (result.output + result.errors).lowercased()
            if text.contains("credentials not found") { return nil }
            throw self.failure("get", result)
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(result.output.utf8)),
            let secret = answer.Secret, !secret.isEmpty
        else {
            throw ModuleFetchError(.invalid, "\(self.program) get answered no JSON with Username and Secret")
        }
        // By convention the secret of this user is an identity token.
        if answer.Username == "<token>" {
            return RegistryCredential(username: "", password: "", identityToken: secret, source: self.program)
        }
        return RegistryCredential(username: answer.Username ?? "", password: secret, source: self.program)
    }

    func store(_ server: String, username: String, password: String) async throws(ModuleFetchError) {
        let entry = Entry(ServerURL: server, Username: username, Secret: password)
        guard let data = try? JSONEncoder().encode(entry) else {
            throw ModuleFetchError(.invalid, "the credentials cannot be written as JSON")
        }
        let result = try await self.run("store", input: String(decoding: data, as: UTF8.self))
        guard result.status == 0 else { throw self.failure("store", result) }
    }

    /// Nothing happens when there is nothing to erase.
    func erase(_ server: String) async throws(ModuleFetchError) {
        let result = try await self.run("erase", input: server)
        let text = (result.output + result.errors).lowercased()
        guard result.status == 0 || text.contains("credentials not found") else { throw self.failure("erase", result) }
    }

    private func run(_ verb: String, input: String) async throws(ModuleFetchError) -> ChildProcess.Result {
        guard let path = ChildProcess.find(self.program, path: self.searchPath) else {
            throw ModuleFetchError(
                .invalid,
                "\(self.program) is not on the PATH; install it, or take it out of credsStore and credHelpers in Docker's config.json"
            )
        }
        return try await ChildProcess.run(path, [verb], input: input, timeoutSeconds: self.timeoutSeconds)
    }

    /// Standard output may hold what nobody should read; the helper's complaint stands there too when it is one line.
    private func failure(_ verb: String, _ result: ChildProcess.Result) -> ModuleFetchError {
        let text = result.errors.isEmpty ? result.output : result.errors
        let line = text.split(whereSeparator: \.isNewline).first ?? "no message"
        let shown = line.contains("{") ? "no message" : String(line.prefix(200))
        return ModuleFetchError(.unauthorized, "\(self.program) \(verb) ended with \(result.status): \(shown)")
    }
}
