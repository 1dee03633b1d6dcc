import Foundation
import ModuleFetch
import TestSupport
import Testing

struct DockerConfigTests {
    private let entry = Data("user:pass:word".utf8).base64EncodedString()

    private func credential(_ json: String, _ registry: String) async throws -> RegistryCredential? {
        try await PullSecretSource(Array(json.utf8)).credential(for: registry)
    }

    @Test(arguments: [
        ("reg.test:5000", "reg.test:5000"), ("https://reg.test:5000", "reg.test:5000"),
        ("http://reg.test/v2/", "reg.test"),
        ("https://index.docker.io/v1/", "index.docker.io"), ("docker.io", "index.docker.io"), ("Reg.Test", "reg.test"),
    ])
    func findsTheRegistryHoweverItIsWritten(_ key: String, _ registry: String) async throws {
        let found = try await self.credential("{\"auths\":{\"\(key)\":{\"auth\":\"\(self.entry)\"}}}", registry)
        #expect(found?.username == "user")
        #expect(found?.password == "pass:word")
    }

    @Test(arguments: ["reg.test:5001", "test", "evil.reg.test", "reg.test"])
    func otherRegistriesAreAnonymous(_ registry: String) async throws {
        let json =
            "{\"auths\":{\"reg.test:5000\":{\"auth\":\"\(self.entry)\"},\"reg.test/path\":{\"auth\":\"\(self.entry)\"}}}"
        #expect(try await self.credential(json, registry) == nil)
    }

    @Test func readsNamesPasswordsAndIdentityTokens() async throws {
        let json =
            "{\"auths\":{\"a\":{\"username\":\"u\",\"password\":\"p\"},\"b\":{\"identitytoken\":\"t\"},\"c\":{},\"d\":null}}"
        #expect(try await self.credential(json, "a")?.password == "p")
        #expect(try await self.credential(json, "b")?.identityToken == "t")
        #expect(try await self.credential(json, "c") == nil)
        #expect(try await self.credential(json, "d") == nil)
        #expect(try await self.credential("{}", "a") == nil)
    }

    @Test(arguments: ["null", "", "[]", "{\"auths\":3}", "secret-text"])
    func otherThingsAreNoPullSecret(_ json: String) throws {
        #expect {
            try PullSecretSource(Array(json.utf8))
        } throws: { error in
            (error as? ModuleFetchError)?.kind == .invalid && !"\(error)".contains("secret-text")
        }
    }

    @Test(arguments: ["%%%", "dXNlcg=="])
    func damagedEntriesAreNamedWithoutTheirValue(_ auth: String) async throws {
        let error = try await failure {
            _ = try await self.credential("{\"auths\":{\"a\":{\"auth\":\"\(auth)\"}}}", "a")
        }
        #expect(error.kind == .invalid)
        #expect(!error.message.contains(auth))
    }

    @Test func credentialsArePrintedWithoutTheirValue() {
        let credential = RegistryCredential(
            username: "name-x", password: "word-x", identityToken: "token-x", source: "a file")
        var dumped = ""
        dump(credential, to: &dumped)
        for text in ["\(credential)", String(reflecting: credential), "\([credential])", dumped] {
            #expect(text.contains("a file"))
            #expect(!text.contains("-x"))
        }
    }
}
