import Foundation
import TestSupport
import Testing

@Suite("Packing modules", .timeLimit(.minutes(3)))
struct PackageTests {
    private struct Inspected: Decodable { var Digest: String }

    @Test(
        "skopeo reads what package writes",
        arguments: [
            ("oci", "image", "oci:"), ("artifact", "image", "oci:"), ("wasm", "image", "oci:"),
            ("docker", "image", "dir:"), ("oci", "image.tar", "oci-archive:"),
        ])
    func readable(_ layout: String, _ name: String, _ transport: String) throws {
        let directory = try TemporaryDirectory()
        let target = "\(directory.path)/\(name)"
        let process = try Repository.run(
            "package", Repository.plugin("headers"), "-o", target, "--layout", layout, "--annotation", "org.test=yes")
        #expect(process.exitCode == 0, "\(process.text)")
        let raw = try ModuleWorkshop.finish(
            ChildProcess("/usr/bin/skopeo", ["inspect", "--raw", transport + target]))
        #expect(raw.exitCode == 0, "\(raw.text)")
        #expect(raw.text.contains("layers"))
        if layout != "docker" { #expect(raw.text.contains("org.test")) }
        // Of the others skopeo cannot read the configuration, which it wants to.
        if ["oci", "docker"].contains(layout) {
            let whole = try ModuleWorkshop.finish(ChildProcess("/usr/bin/skopeo", ["inspect", transport + target]))
            #expect(whole.exitCode == 0, "\(whole.text)")
            let inspected = try JSONDecoder().decode(
                Inspected.self, from: Data(whole.standardOutput.joined(separator: "\n").utf8))
            #expect(process.standardOutput == [inspected.Digest])
        }
    }

    @Test func theSameModuleHasTheSameDigest() throws {
        let directory = try TemporaryDirectory()
        let digests = try ["one", "two"].map { name in
            try Repository.run("package", Repository.plugin("headers"), "-o", "\(directory.path)/\(name)")
                .standardOutput
        }
        #expect(digests[0] == digests[1])
        #expect(digests[0].first?.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil)
    }

    @Test func whatIsNoModuleOrInTheWayIsRefused() throws {
        let directory = try TemporaryDirectory()
        let text = try directory.write("text.wasm", "hello")
        let noModule = try Repository.run("package", text, "-o", "\(directory.path)/out")
        #expect(noModule.exitCode == 1)
        #expect(noModule.text.contains("text.wasm: no WebAssembly module"))
        let missing = try Repository.run("package", "/no/such.wasm", "-o", "\(directory.path)/out")
        #expect(missing.exitCode == 1)
        #expect(missing.text.contains("/no/such.wasm"))
        let occupied = try Repository.run("package", Repository.plugin("headers"), "-o", directory.path)
        #expect(occupied.exitCode == 1)
        #expect(occupied.text.contains("not empty"))
        let archive = try Repository.run(
            "package", Repository.plugin("headers"), "-o", "\(directory.path)/out.tar", "--layout", "docker")
        #expect(archive.exitCode == 64)
    }
}
