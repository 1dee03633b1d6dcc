import ModuleFetch
import Testing

@Suite("Module sources")
struct ModuleSourceTests {
    @Test(arguments: [
        ("file://fake.wasm", ModuleSource.file(path: "fake.wasm"), "file://fake.wasm"),
        ("file:///opt/a.wasm", .file(path: "/opt/a.wasm"), "file:///opt/a.wasm"),
        ("http://h/a.wasm", .http(url: "http://h/a.wasm"), "http://h/a.wasm"),
        ("HTTPS://h:1/a#part", .http(url: "https://h:1/a"), "https://h:1/a"),
        ("https://u:p@h/a?token=s", .http(url: "https://u:p@h/a?token=s"), "https://h/a?..."),
        ("https://u:p@x@h?token=s", .http(url: "https://u:p@x@h?token=s"), "https://h?..."),
        ("https://h/a@b", .http(url: "https://h/a@b"), "https://h/a@b"),
        (
            "oci://ghcr.io/a/b:v1", .image(ImageReference(registry: "ghcr.io", repository: "a/b", tag: "v1")),
            "oci://ghcr.io/a/b:v1"
        ),
        (
            "host:5000/a", .image(ImageReference(registry: "host:5000", repository: "a")), "oci://host:5000/a"
        ),
        (
            "test", .image(ImageReference(registry: "index.docker.io", repository: "library/test")),
            "oci://index.docker.io/library/test"
        ),
    ])
    func isUnderstood(_ url: String, _ expected: ModuleSource, _ shown: String) throws {
        let source = try ModuleSource(url: url)
        #expect(source == expected)
        #expect(source.description == shown)
    }

    @Test(arguments: [
        ("", "empty"), ("a b", "spaces"), ("http://h/\n", "spaces"), ("http://", "host"), ("http:///a", "host"),
        ("http://:80/a", "host"), ("https://u:secret@/a", "host"), ("http://a\\@b/", "backslash"),
        ("file://", "no file"), ("ftp://h/a", "scheme 'ftp'"), ("oci://", "is empty"), ("oci://r.io/A", "lower-case"),
        ("oci://oci://a/b", "port"),
        ("http://h/" + String(repeating: "a", count: 8192), "8192"),
    ])
    func isRefused(_ url: String, _ expected: String) {
        #expect {
            try ModuleSource(url: url)
        } throws: { error in
            guard let error = error as? ModuleFetchError else { return false }
            return error.kind == .invalid && error.message.contains(expected) && !error.message.contains("secret")
        }
    }
}
