import Testing

@testable import ModuleFetch

struct ChallengeTests {
    @Test func readsWhatRegistriesSend() {
        let field =
            #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
        #expect(
            Challenge.parse([field]) == [
                Challenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.docker.io/token", "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    ])
            ])
    }

    @Test func readsSeveralInOneFieldAndInSeveral() {
        let expected = [
            Challenge(scheme: "negotiate"),
            Challenge(scheme: "basic", parameters: ["realm": "a, b", "charset": "UTF-8"]),
            Challenge(scheme: "bearer", parameters: ["realm": "c"]),
        ]
        #expect(Challenge.parse([#"Negotiate, Basic realm="a, b", charset=UTF-8, BEARER Realm = "c""#]) == expected)
        #expect(Challenge.parse(["Negotiate", #"Basic realm="a, b",charset="UTF-8""#, "Bearer realm=c"]) == expected)
    }

    @Test func unescapesQuotedStrings() {
        #expect(Challenge.parse([#"Basic realm="a\"b\\c""#]).first?.parameters["realm"] == #"a"b\c"#)
    }

    @Test func theFirstOfEqualNamesWins() {
        #expect(Challenge.parse(["Bearer realm=a, realm=b"]).first?.parameters["realm"] == "a")
    }

    @Test(arguments: [
        "", ",,,", "=", "\"", "Bearer realm=\"unclosed", "realm=x", "Bearer =x", "Basic abc==", "\u{0}", "Bearer , , =",
    ])
    func readsOnThroughNonsense(_ field: String) {
        for challenge in Challenge.parse([field]) { #expect(challenge.parameters["realm"] == nil) }
        // What stands behind in a field of its own is still found.
        #expect(Challenge.parse([field]).count <= 2)
    }

    @Test func longFieldsEnd() {
        let field = String(repeating: "Bearer realm=x, ", count: 100_000)
        #expect(Challenge.parse([field]).count <= 8 << 10)
    }
}
