import Foundation
import TestSupport
import Testing

@Suite("Logging in to a registry", .timeLimit(.minutes(3)))
struct LoginTests {
    @Test func credentialsAreCheckedKeptUsedAndForgotten() async throws {
        try await ModuleWorkshop.run(wantsPassword: true) { shop in
            let module = try Repository.plugin("headers")
            let target = shop.reference("private:1")
            let file = shop.path("config.json")
            let host = shop.registry.host

            let before = try shop.mizzen("push", target, module)
            #expect(before.exitCode == 1)
            #expect(before.text.contains("401"), "\(before.text)")

            let wrong = try shop.directory.write("wrong", "not-the-password\n")
            let refused = try shop.mizzen(
                "login", host, "-u", DockerRegistry.username, "--password-stdin", input: wrong)
            #expect(refused.exitCode == 1)
            #expect(!refused.text.contains("not-the-password"))
            #expect(!FileManager.default.fileExists(atPath: file))

            let right = try shop.directory.write("right", DockerRegistry.password + "\n")
            let login = try shop.mizzen(
                "login", host, "-u", DockerRegistry.username, "--password-stdin", input: right)
            #expect(login.exitCode == 0, "\(login.text)")
            #expect(!login.text.contains(DockerRegistry.password))
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)

            let push = try shop.mizzen("push", target, module)
            #expect(push.exitCode == 0, "\(push.text)")
            // Docker's own form: skopeo finds them, too.
            let told = try shop.skopeo(
                "inspect", "--authfile", file, "--tls-verify=false", "docker://\(target)")
            #expect(told.contains("Digest"))

            let logout = try shop.mizzen("logout", host)
            #expect(logout.exitCode == 0, "\(logout.text)")
            #expect(try shop.mizzen("pull", target, "-o", shop.path("x")).exitCode == 1)
            let again = try shop.mizzen("logout", host)
            #expect(again.exitCode == 0)
            #expect(again.text.contains("was not logged in"))
        }
    }

    @Test func whatIsMissingIsSaid() async throws {
        try await ModuleWorkshop.run { shop in
            let user = try shop.mizzen("login", shop.registry.host, "--password-stdin")
            #expect(user.exitCode == 64)
            #expect(user.text.contains("-u"))
            let terminal = try shop.mizzen("login", shop.registry.host)
            #expect(terminal.exitCode == 1)
            #expect(terminal.text.contains("no terminal"))
            let empty = try shop.mizzen("login", shop.registry.host, "-u", "x", "--password-stdin")
            #expect(empty.exitCode == 1)
            #expect(empty.text.contains("must not be empty"))
            let name = try shop.mizzen("login", "not/a/host", "-u", "x", "--password-stdin")
            #expect(name.exitCode == 64)
        }
    }
}
