import ModuleFetch
import Testing

@Suite("Image references")
struct ImageReferenceTests {
    private static let hex = String(repeating: "a1", count: 32)

    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var shown: String
        var endpoint: String
        init(_ text: String, _ shown: String, _ endpoint: String = "registry-1.docker.io") {
            (self.text, self.shown, self.endpoint) = (text, shown, endpoint)
        }
        var testDescription: String { self.text }
    }

    @Test(arguments: [
        Case("test", "index.docker.io/library/test"),
        Case("img:v1", "index.docker.io/library/img:v1"),
        Case("a/b:v1", "index.docker.io/a/b:v1"),
        Case("docker.io/test", "index.docker.io/library/test"),
        Case("docker.io/foo/bar:v1", "index.docker.io/foo/bar:v1"),
        Case("index.docker.io/foo/bar", "index.docker.io/foo/bar"),
        Case("registry-1.docker.io/foo", "index.docker.io/library/foo"),
        Case("oci://docker.io/foo/bar", "index.docker.io/foo/bar"),
        Case("OCI://ghcr.io/a/b", "ghcr.io/a/b", "ghcr.io"),
        Case("localhost/x", "localhost/x", "localhost"),
        Case("localhost:5000", "index.docker.io/library/localhost:5000"),
        Case("localhost:5000/x", "localhost:5000/x", "localhost:5000"),
        Case("registry.io:5000/x:v1", "registry.io:5000/x:v1", "registry.io:5000"),
        Case("1.2.3.4:5000/x", "1.2.3.4:5000/x", "1.2.3.4:5000"),
        Case("[::1]:5000/x", "[::1]:5000/x", "[::1]:5000"),
        Case("[fd00::2]/x/y", "[fd00::2]/x/y", "[fd00::2]"),
        Case("GHCR.io/a/b:V1.2-rc_3", "ghcr.io/a/b:V1.2-rc_3", "ghcr.io"),
        Case("r.io/a.b/c_d/e__f/g--h", "r.io/a.b/c_d/e__f/g--h", "r.io"),
        Case("r.io/a@sha256:\(hex)", "r.io/a@sha256:\(hex)", "r.io"),
        Case("r.io:1/a:t@sha256:\(hex)", "r.io:1/a:t@sha256:\(hex)", "r.io:1"),
    ])
    func isUnderstood(_ example: Case) throws {
        let reference = try ImageReference(example.text)
        #expect(reference.description == example.shown)
        #expect(reference.endpointHost == example.endpoint)
        #expect(try ImageReference(reference.description) == reference)
    }

    @Test func identifierIsTheDigestThenTheTagThenLatest() throws {
        #expect(try ImageReference("r.io/a:t@sha256:\(Self.hex)").identifier == "sha256:\(Self.hex)")
        #expect(try ImageReference("r.io/a:t").identifier == "t")
        #expect(try ImageReference("r.io/a").identifier == "latest")
    }

    @Test(arguments: [
        ("", "is empty"), ("oci://", "is empty"), ("http://a/b", "scheme http"),
        ("r.io/", "no repository"), ("/a", "empty path component"), ("r.io//a", "empty path component"),
        ("r.io/a/", "empty path component"), ("r.io/A", "lower-case"), ("User/a", "lower-case"),
        ("r.io/a___b", "path component"), ("r.io/a..b", "path component"), ("r.io/a._b", "path component"),
        ("r.io/-a", "path component"), ("r.io/a-", "path component"), ("r.io/_", "path component"),
        ("r.io/..", "path component"), ("r.io/a b", "path component"), ("r.io/a?x=1", "path component"),
        ("r.io/\u{e9}", "path component"), ("r.io/%2e", "path component"),
        ("a:", "tag"), ("a:-b", "tag"), ("a:.b", "tag"), ("a:b:c", "tag"), ("a:\u{e9}", "tag"),
        ("a:" + String(repeating: "t", count: 129), "tag"),
        ("a@", "digest"), ("a@sha512:00", "digest"), ("a@sha256:00", "digest"),
        ("a@sha256:" + String(repeating: "A", count: 64), "digest"), ("a@sha256:\(hex)@sha256:\(hex)", "digest"),
        ("r.io:0/a", "port"), ("r.io:65536/a", "port"), ("r.io:/a", "port"), ("r.io:+1/a", "port"),
        ("-r.io/a", "registry"), ("r..io/a", "registry"), ("r_.io/a", "registry"), ("[::1/a", "registry"),
        ("[::1]x/a", "registry"), ("[12]:1/a", "registry"), ("[fe80::1%25eth0]/a", "registry"),
        ("r.io/" + String(repeating: "a", count: 251), "255 bytes"),
        ("r.io/" + String(repeating: "a", count: 2000), "1024 bytes"),
    ])
    func isRefused(_ text: String, _ expected: String) {
        #expect {
            try ImageReference(text)
        } throws: { error in
            guard let error = error as? ModuleFetchError else { return false }
            return error.kind == .invalid && error.message.contains(expected)
        }
    }

    @Test func messageShowsNoPassword() {
        #expect {
            try ImageReference("oci://user:hunter2@r.io/a")
        } throws: { !"\($0)".contains("hunter2") }
    }
}
