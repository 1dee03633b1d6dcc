import Foundation
import TestSupport
import Testing

@Suite("Inspecting modules", .timeLimit(.minutes(3)))
struct InspectTests {
    private struct Report: Decodable {
        struct Verdict: Decodable {
            var loads: Bool?
            var problems: [String]
        }
        struct Image: Decodable {
            struct Signature: Decodable { var place: String }
            var digest: String
            var signatures: [Signature]
        }
        var sha256: String
        var abiVersion: String?
        var verdicts: [String: Verdict]
        var image: Image?
    }

    private static func report(_ process: ChildProcess) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(process.standardOutput.joined(separator: "\n").utf8))
    }

    @Test(
        "the verdicts say who loads a module and why not",
        arguments: [("headers", true, ""), ("unknown_import", false, "unknown import"), ("no_abi", false, "ABI")])
    func verdicts(_ plugin: String, _ loads: Bool, _ text: String) throws {
        let process = try Repository.run("inspect", "-o", "json", Repository.plugin(plugin))
        #expect(process.exitCode == 0, "\(process.text)")
        let report = try Self.report(process)
        for loader in ["mizzen", "envoy", "istio"] {
            #expect(report.verdicts[loader]?.loads == loads)
            if !loads { #expect(report.verdicts[loader]?.problems.joined().contains(text) == true) }
        }
        let lines = try Repository.run("inspect", Repository.plugin(plugin)).standardOutput
        #expect(lines.contains { $0.contains("sha256") && $0.contains(report.sha256) })
        #expect(lines.contains { $0.contains("Mizzen") && $0.contains(loads ? "loads it" : "does not load it") })
    }

    @Test(
        "an image's layout decides whether Istio takes it",
        arguments: [("oci", true), ("docker", true), ("artifact", true), ("wasm", false)])
    func layouts(_ layout: String, _ istio: Bool) async throws {
        try await ModuleWorkshop.run { shop in
            let target = shop.reference("m:1")
            let push = try shop.mizzen("push", target, Repository.plugin("headers"), "--layout", layout)
            let pinned = try #require(push.standardOutput.first)
            let report = try Self.report(try shop.mizzen("inspect", "-o", "json", target))
            #expect(report.image.map { "\(target)@\($0.digest)" } == pinned)
            #expect(report.image?.signatures.isEmpty == true)
            #expect(report.verdicts["mizzen"]?.loads == true)
            #expect(report.verdicts["istio"]?.loads == istio)
            let text = try shop.mizzen("inspect", target).text
            #expect(text.contains("layers"))
            #expect(text.contains("signatures"))
        }
    }

    @Test func whatIsNoModuleIsSaid() throws {
        let directory = try TemporaryDirectory()
        let text = try directory.write("text.wasm", "hello")
        let process = try Repository.run("inspect", text)
        #expect(process.exitCode == 1)
        #expect(process.text.contains("not a WebAssembly module"))
        let missing = try Repository.run("inspect", "/no/such.wasm")
        #expect(missing.exitCode == 1)
        #expect(missing.text.contains("/no/such.wasm"))
    }
}
