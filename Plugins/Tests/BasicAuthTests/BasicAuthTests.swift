import ProxyWasmSDK
import Testing

@testable import basic_auth

@Suite struct BasicAuthTests {
    private let policyText: ByteString = """
        {"realm":"mizzen","prefixes":["/admin","/team/"],\
        "users":[{"username":"admin","password":"passw0rd"},{"name":"bob","password":"a:b"}]}
        """

    @Test(arguments: [
        "/admin", "/admin/x", "/administrator", "/admin?x=1", "//admin", "/./admin", "/x/../admin", "/%61dmin",
        "/%2561dmin", "/%2e/admin", "/x/%2e%2e/admin", "/x%2f..%2fadmin", "\\admin", "/;v=1/admin", "/admin;v=1",
        "http://host/admin", "http://host//admin", "admin", "/admin/../public", "/%25252525252561dmin", "/team",
        "/team/", "/x/../team", "/%00/admin", "/x/..;/admin",
    ])
    func everyReadingOfAProtectedPathIsProtected(path: String) throws {
        let policy = try BasicAuthPolicy(parsing: self.policyText)
        #expect(policy.rule(path: ByteString(Array(path.utf8)), method: "GET") != nil)
    }

    @Test(arguments: [
        "/", "/public", "/x/admin", "/public?p=/admin", "/a%20b", "/teams", "/Admin", "/a;b=/admin",
        "http://host?/../admin/",
    ])
    func otherPathsAreOpen(path: String) throws {
        let policy = try BasicAuthPolicy(parsing: self.policyText)
        #expect(policy.rule(path: ByteString(Array(path.utf8)), method: "GET") == nil)
    }

    @Test(arguments: [
        ("Basic YWRtaW46cGFzc3cwcmQ=", true), ("basic  YWRtaW46cGFzc3cwcmQ=", true), ("Basic Ym9iOmE6Yg==", true),
        ("Basic YWRtaW46cGFzc3cwcmQ", false), ("Basic YWRtaW46cGFzc3cwcmR4", false), ("Basic YWRtaW4=", false),
        ("Basic", false), ("Basic ", false), ("Bearer YWRtaW46cGFzc3cwcmQ=", false), ("", false),
        ("Basic YWRtaW46cGFzc3cwcmQ= x", false),
    ])
    func onlyKnownCredentialsAreAccepted(header: String, accepted: Bool) throws {
        let rule = try #require(try BasicAuthPolicy(parsing: self.policyText).rule(path: "/admin", method: "GET"))
        #expect((rule.judge(authorization: ByteString(Array(header.utf8))) == .accepted) == accepted)
        #expect(rule.judge(authorization: nil) == .missing)
    }

    @Test func paddingIsNotPartOfACredential() {
        var table = CredentialTable()
        table.add("a:b")
        #expect(table.contains(Array("a:b".utf8)))
        #expect(!table.contains(Array("a:b".utf8) + [0]))
        #expect(!table.contains(Array("a:".utf8)))
        #expect(!table.contains([UInt8](repeating: 0x61, count: 5000)))
        #expect(!table.contains([]))
    }

    @Test func istioSampleRulesAreUnderstood() throws {
        let policy = try BasicAuthPolicy(
            parsing: """
                {"basic_auth_rules":[{"prefix":"/productpage","request_methods":["GET","POST"],\
                "credentials":["ok:test","YWRtaW4zOmFkbWluMw=="]}]}
                """
        )
        #expect(policy.rule(path: "/productpage", method: "DELETE") == nil)
        let rule = try #require(policy.rule(path: "/productpage", method: "POST"))
        #expect(rule.judge(authorization: "Basic b2s6dGVzdA==") == .accepted)
        #expect(rule.judge(authorization: "Basic YWRtaW4zOmFkbWluMw==") == .accepted)
    }

    @Test func summaryAndChallengeCarryNoSecret() throws {
        let policy = try BasicAuthPolicy(parsing: self.policyText)
        #expect(policy.summary == "users: 2, protected prefixes: 2, realm: \"mizzen\"")
        #expect(policy.challenge == "Basic realm=\"mizzen\"")
    }

    @Test(arguments: [
        ("", "missing; set pluginConfig"),
        ("{", "not JSON: byte 1: "),
        ("[]", "must be an object"),
        ("{}", "users: missing"),
        (#"{"usres":[]}"#, "usres: unknown field"),
        (#"{"users":[]}"#, "users: must be a list"),
        (#"{"users":[{"username":"a:b","password":"x"}]}"#, "users[0].username: "),
        (#"{"users":[{"username":"a","password":""}]}"#, "users[0].password: "),
        (#"{"users":[{"username":"a","password":1}]}"#, "users[0].password: "),
        (#"{"prefixes":["admin"],"users":[]}"#, "prefixes[0]: "),
        (#"{"prefixes":["/a/../b"],"users":[]}"#, "prefixes[0]: "),
        (#"{"prefixes":["/a"]}"#, "prefixes: needs users"),
        (#"{"realm":"a\nb"}"#, "realm: "),
        (#"{"basic_auth_rules":[{"prefix":"/"}]}"#, "basic_auth_rules[0].credentials: missing"),
    ])
    func aBadConfigurationSaysWhatIsWrong(text: String, beginning: String) {
        do {
            _ = try BasicAuthPolicy(parsing: ByteString(Array(text.utf8)))
            Issue.record("accepted: \(text)")
        } catch {
            #expect(String(decoding: error.message.bytes, as: UTF8.self).hasPrefix(beginning))
        }
    }
}
