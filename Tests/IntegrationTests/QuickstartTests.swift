import Foundation
import TestSupport
import Testing

/// What a newcomer does first: the files of `Examples/quickstart` as they stand, only with other ports.
@Suite("Quick start", .timeLimit(.minutes(3)))
struct QuickstartTests {
    private func started(_ body: (MizzenProcess) throws -> Void) throws {
        let folder = "\(Repository.root)/Examples/quickstart"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        guard !names.isEmpty else { throw HarnessError("no YAML files in \(folder)") }
        _ = try Repository.plugin("basic-auth")

        let echoPort = try Ports.free()
        let echo = try ChildProcess(Repository.binary, ["echo", "--port", "\(echoPort)"])
        defer { echo.stop() }
        try poll("the echo upstream listens", isTrue: { (try? Socket.connect(port: echoPort)) != nil })

        try MizzenProcess.runFiles(
            { directory, port in
                for name in names.sorted() {
                    var text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                    text = text.replacing(/\b8080\b/, with: "\(port)").replacing(/\b9000\b/, with: "\(echoPort)")
                    text = text.replacing(/file:\/\/\/?[^\s"']*?([A-Za-z0-9_-]+)\.wasm/) { match in
                        "file://\((try? Repository.plugin(String(match.1))) ?? "\(match.1)")"
                    }
                    try directory.write(name, text)
                }
            }, body: body)
    }

    @Test func withoutCredentialsTheAnswerIs401WithARealm() throws {
        try self.started { gateway throws in
            let response = try gateway.get("/", host: "localhost:8080")
            #expect(response.status == 401)
            #expect(response["www-authenticate"]?.hasPrefix("Basic realm=") == true)
        }
    }

    @Test func withCredentialsTheEchoAnswers() throws {
        try self.started { gateway throws in
            let credentials = Data("admin:passw0rd".utf8).base64EncodedString()
            let response = try gateway.get(
                "/hello?a=1", host: "localhost:8080", headers: ["authorization: Basic \(credentials)"])
            #expect(response.status == 200)
            let echo = try response.json
            #expect("\(echo)".contains("/hello"))
            let wrong = Data("admin:wrong".utf8).base64EncodedString()
            #expect(
                try gateway.get("/", host: "localhost:8080", headers: ["authorization: Basic \(wrong)"]).status == 401)
        }
    }

    @Test func thePluginSaysThatItIsConfiguredAndKeepsThePasswordToItself() throws {
        try self.started { gateway throws in
            try gateway.waitForLog("info", "wasm wasm log", "basic-auth")
            let credentials = Data("admin:passw0rd".utf8).base64EncodedString()
            _ = try gateway.get("/", host: "localhost:8080", headers: ["authorization: Basic \(credentials)"])
            let written = (gateway.log + gateway.process.standardOutput).joined(separator: "\n")
            #expect(!written.contains("passw0rd"))
            #expect(!written.contains(credentials))
            #expect(try !gateway.admin("/config_dump").text.contains("passw0rd"))
        }
    }
}
