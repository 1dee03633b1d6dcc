import Foundation
import TestSupport
import Testing

@testable import ModuleFetch

/// Shell scripts stand in for helpers.
@Suite(.timeLimit(.minutes(1)))
struct CredentialHelperTests {
    private func run(
        _ script: String, input: String = "reg.test", timeoutSeconds: Double = 20
    ) async throws -> ChildProcess.Result {
        try await withFolder { folder in
            let path = "\(folder)/docker-credential-test"
            try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            #expect(ChildProcess.find("docker-credential-test", path: "/nonexistent:\(folder)") == path)
            return try await ChildProcess.run(path, ["get"], input: input, timeoutSeconds: timeoutSeconds)
        }
    }

    @Test func hasInputAndOutput() async throws {
        let result = try await self.run("read server; echo \"$1 $server\"; echo complaint >&2; exit 3")
        #expect(result.status == 3)
        #expect(result.output == "get reg.test\n")
        #expect(result.errors == "complaint\n")
    }

    @Test func oneThatDoesNotReadIsFine() async throws {
        let result = try await self.run("exit 0", input: String(repeating: "x", count: 1000))
        #expect(result.status == 0)
    }

    @Test func oneThatHangsIsEnded() async throws {
        let start = ContinuousClock.now
        let error = try await failure { _ = try await self.run("exec sleep 100", timeoutSeconds: 0.3) }
        #expect(error.kind == .unavailable)
        #expect(error.message.contains("did not end within 0.3 s"))
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func oneThatTalksForEverIsEnded() async throws {
        let error = try await failure { _ = try await self.run("exec yes") }
        #expect(error.kind == .invalid)
        #expect(error.message.contains("more than 262144 bytes"))
    }

    @Test(arguments: ["", "a b", "../x", "a/b", "a;b", "$(x)", "\u{E9}"])
    func namesAreChecked(_ name: String) {
        #expect(throws: ModuleFetchError.self) { try CredentialHelper(name, searchPath: "/bin", timeoutSeconds: 1) }
    }

    @Test func aMissingHelperIsNamed() async throws {
        try await withFolder { folder in
            let path = "\(folder)/config.json"
            try "{\"credHelpers\":{\"reg.test\":\"mizzen-missing\"}}".write(
                toFile: path, atomically: true, encoding: .utf8)
            var options = FetchOptions()
            options.dockerConfigPath = path
            let file = DockerConfigFile(options)
            let error = try await failure { _ = try await file.credential(for: "reg.test") }
            #expect(error.kind == .invalid)
            #expect(error.message.contains("docker-credential-mizzen-missing is not on the PATH"))
            #expect(try await file.credential(for: "other.test") == nil)
        }
    }

    /// A helper that keeps one entry in a file beside itself.
    @Test func aHelperStoresFindsAndErases() async throws {
        let script = """
            #!/bin/sh
            here=$(dirname "$0")
            case "$1" in
            store) cat >"$here/kept" ;;
            get) read server; grep -q "\"$server\"" "$here/kept" 2>/dev/null && cat "$here/kept" ||
                { echo "credentials not found in native keychain"; exit 1; } ;;
            erase) rm -f "$here/kept" ;;
            esac
            """
        try await withFolder { folder in
            let program = "\(folder)/docker-credential-kept"
            try script.write(toFile: program, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            let config = "{\"credsStore\":\"kept\"}"
            try config.write(toFile: "\(folder)/config.json", atomically: true, encoding: .utf8)
            let file = DockerConfigFile(
                FetchOptions(), environment: ["DOCKER_CONFIG": folder, "PATH": "/usr/bin:/bin:\(folder)"])
            let store = CredentialStore(file)
            #expect(try await file.credential(for: "reg.test") == nil)
            let place = try await store.store("reg.test", username: "me", password: "word")
            #expect(place == "docker-credential-kept")
            let found = try await file.credential(for: "reg.test")
            #expect(found?.password == "word")
            #expect(found?.source == "docker-credential-kept")
            #expect(try await file.credential(for: "other.test") == nil)
            #expect(try await store.erase("reg.test"))
            #expect(try await !store.erase("reg.test"))
            // Nothing went into the file itself.
            #expect(try String(contentsOfFile: "\(folder)/config.json", encoding: .utf8) == config)
        }
    }

    @Test func identityTokensComeFromHelpersToo() async throws {
        try await withFolder { folder in
            let program = "\(folder)/docker-credential-token"
            try "#!/bin/sh\necho '{\"Username\":\"<token>\",\"Secret\":\"t\"}'\n"
                .write(toFile: program, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            let helper = try CredentialHelper("token", searchPath: folder, timeoutSeconds: 20)
            #expect(try await helper.get("reg.test")?.identityToken == "t")
        }
    }
}
