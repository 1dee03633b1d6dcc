import Foundation
import ModuleFetch
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CredentialStoreTests {
    private func file(_ path: String) -> DockerConfigFile {
        var options = FetchOptions()
        options.dockerConfigPath = path
        return DockerConfigFile(options)
    }

    @Test func whatIsStoredIsFoundAndErased() async throws {
        try await withFolder { folder in
            let path = "\(folder)/new/config.json"
            let store = CredentialStore(self.file(path))
            #expect(try await store.store("reg.test:5000", username: "me", password: "a:b") == path)
            let found = try await self.file(path).credential(for: "reg.test:5000")
            #expect(found?.username == "me")
            #expect(found?.password == "a:b")
            #expect(found?.source == path)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try await store.erase("reg.test:5000"))
            #expect(try await !store.erase("reg.test:5000"))
            #expect(try await self.file(path).credential(for: "reg.test:5000") == nil)
        }
    }

    @Test func theRestOfTheFileStays() async throws {
        try await withFolder { folder in
            let path = "\(folder)/config.json"
            let before =
                "{\"HttpHeaders\":{\"A\":\"b/c\"},\"auths\":{\"other.test\":{\"auth\":\"eDp5\"},\"https://index.docker.io/v1/\":{\"auth\":\"eDp5\"}},\"psFormat\":\"table\"}"
            try before.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link.json", withDestinationPath: path)
            try await CredentialStore(self.file("\(folder)/link.json"))
                .store("index.docker.io", username: "u", password: "p")
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let content = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(content["psFormat"] as? String == "table")
            #expect((content["HttpHeaders"] as? [String: String]) == ["A": "b/c"])
            let auths = try #require(content["auths"] as? [String: [String: String]])
            #expect(auths == ["other.test": ["auth": "eDp5"], "https://index.docker.io/v1/": ["auth": "dTpw"]])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["config.json", "link.json"])
        }
    }

    @Test func aDamagedFileIsNotOverwritten() async throws {
        try await withFolder { folder in
            let path = "\(folder)/config.json"
            try "{".write(toFile: path, atomically: true, encoding: .utf8)
            let error = try await failure {
                try await CredentialStore(self.file(path)).store("a", username: "u", password: "p")
            }
            #expect(error.kind == .invalid)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "{")
        }
    }

    @Test func theFileIsFoundWhereDockerHasIt() {
        #expect(
            DockerConfigFile(FetchOptions(), environment: ["DOCKER_CONFIG": "/d", "HOME": "/h"]).path
                == "/d/config.json")
        #expect(DockerConfigFile(FetchOptions(), environment: ["HOME": "/h"]).path == "/h/.docker/config.json")
    }

    @Test func noFileMeansAnonymous() async throws {
        #expect(try await self.file("/nonexistent/config.json").credential(for: "a") == nil)
    }
}
