import Foundation
import TestSupport
import Testing

@Suite("Modules in a registry", .timeLimit(.minutes(3)))
struct RegistryTests {
    private static func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    @Test("a module comes back as it went", arguments: ["oci", "docker", "artifact", "wasm"])
    func roundTrip(_ layout: String) async throws {
        try await ModuleWorkshop.run { shop in
            let module = try Repository.plugin("headers")
            let target = shop.reference("team/auth:v1")
            let push = try shop.mizzen("push", target, module, "--layout", layout)
            #expect(push.exitCode == 0, "\(push.text)")
            let pinned = try #require(push.standardOutput.first)
            #expect(pinned.hasPrefix("\(target)@sha256:"))
            for source in [target, pinned] {
                let file = shop.path("out-\(source == pinned).wasm")
                let pull = try shop.mizzen("pull", source, "-o", file)
                #expect(pull.exitCode == 0, "\(pull.text)")
                #expect(pull.standardOutput == [pinned])
                #expect(try Self.bytes(file) == Self.bytes(module))
            }
            // No bar where no terminal is.
            #expect(!push.text.contains("\r"))
        }
    }

    @Test func skopeoAndMizzenReadEachOther() async throws {
        try await ModuleWorkshop.run { shop in
            let module = try Repository.plugin("headers")
            let folder = shop.path("image")
            let digest = try #require(try shop.mizzen("package", module, "-o", folder).standardOutput.first)
            _ = try shop.skopeo(
                "copy", "--dest-tls-verify=false", "oci:\(folder)", "docker://\(shop.reference("by-skopeo:1"))")
            let pull = try shop.mizzen("pull", shop.reference("by-skopeo:1"), "-o", shop.path("out.wasm"))
            #expect(pull.standardOutput == ["\(shop.reference("by-skopeo:1"))@\(digest)"], "\(pull.text)")
            #expect(try Self.bytes(shop.path("out.wasm")) == Self.bytes(module))

            let push = try shop.mizzen("push", shop.reference("by-mizzen:1"), module)
            #expect(push.standardOutput == ["\(shop.reference("by-mizzen:1"))@\(digest)"], "\(push.text)")
            _ = try shop.skopeo(
                "copy", "--src-tls-verify=false", "docker://\(shop.reference("by-mizzen:1"))",
                "dir:\(shop.path("copy"))")
            let told = try shop.skopeo("inspect", "--tls-verify=false", "docker://\(shop.reference("by-mizzen:1"))")
            #expect(told.contains(digest))
        }
    }

    @Test func signaturesAreMadeAndDemanded() async throws {
        try await ModuleWorkshop.run { shop in
            let module = try Repository.plugin("headers")
            try shop.makeKey("right")
            try shop.makeKey("wrong")
            let signed = shop.reference("signed:1")
            let push = try shop.mizzen("push", signed, module, "--sign-by-key", shop.path("right.pem"))
            #expect(push.exitCode == 0, "\(push.text)")
            let plain = shop.reference("plain:1")
            #expect(try shop.mizzen("push", plain, module).exitCode == 0)

            let good = try shop.mizzen("pull", signed, "-o", shop.path("a"), "--verify-key", shop.path("right.pub"))
            #expect(good.exitCode == 0, "\(good.text)")
            let wrong = try shop.mizzen("pull", signed, "-o", shop.path("b"), "--verify-key", shop.path("wrong.pub"))
            #expect(wrong.exitCode == 1)
            let unsigned = try shop.mizzen("pull", plain, "-o", shop.path("b"), "--verify-key", shop.path("right.pub"))
            #expect(unsigned.exitCode == 1)
            #expect(unsigned.text.contains("is not signed"))
            #expect(!FileManager.default.fileExists(atPath: shop.path("b")))

            // What the process configuration demands of a registry holds without an option, too.
            let configuration = try shop.directory.write(
                "mizzen.yaml",
                "fetch: {registries: {\"\(shop.registry.host)\": {requireSignature: [right.pub]}}}\n")
            let demanded = try shop.mizzen(
                "pull", plain, "-o", shop.path("b"), "--process-config", configuration)
            #expect(demanded.exitCode == 1)
            #expect(demanded.text.contains("is not signed"))

            let key = try shop.mizzen("push", signed, module, "--sign-by-key", shop.path("right.pub"))
            #expect(key.exitCode == 1)
            #expect(key.text.contains("right.pub"))
        }
    }

    @Test func whatGoesWrongIsNamed() async throws {
        try await ModuleWorkshop.run { shop in
            let module = try Repository.plugin("headers")
            let missing = try shop.mizzen("pull", shop.reference("nothing:1"), "-o", shop.path("x"))
            #expect(missing.exitCode == 1)
            #expect(missing.text.contains(shop.reference("nothing:1")))
            #expect(missing.text.contains("404"))
            let digest = String(repeating: "0", count: 64)
            let pinned = try shop.mizzen("push", shop.reference("x@sha256:\(digest)"), module)
            #expect(pinned.exitCode == 1)
            #expect(pinned.text.contains("a push goes to a tag"))
            let secret = try shop.mizzen("pull", "user:hunter2@registry.example/x", "-o", shop.path("x"))
            #expect(secret.exitCode == 1)
            #expect(!secret.text.contains("hunter2"))
            let configuration = try shop.directory.write("bad.yaml", "fetch: {maxAttempts: 0}\n")
            let broken = try shop.mizzen("pull", shop.reference("x"), "--process-config", configuration)
            #expect(broken.exitCode == 1)
            #expect(broken.text.contains("bad.yaml:1:22: fetch.maxAttempts: must be between 1 and 20"))
            let port = try Ports.free()
            let absent = try shop.mizzen(
                "pull", "127.0.0.1:\(port)/x", "-o", shop.path("x"),
                environment: ["WASM_HTTP_REQUEST_MAX_RETRIES": "1"])
            #expect(absent.exitCode == 1)
            #expect(absent.text.contains("127.0.0.1:\(port)"))
        }
    }
}
