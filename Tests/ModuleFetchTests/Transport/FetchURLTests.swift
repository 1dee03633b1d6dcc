import Testing

@testable import ModuleFetch

struct FetchURLTests {
    @Test(arguments: [
        ("https://Reg.Example/a/b?c=d#e", "https://reg.example/a/b?c=d"),
        ("http://h:80", "http://h/"),
        ("http://h:443/", "http://h:443/"),
        ("https://[::1]:5000/x", "https://[::1]:5000/x"),
        ("HTTPS://h/a/../b/./c", "https://h/b/c"),
        ("https://h/../../x", "https://h/x"),
        ("https://h/a b\"<>{}%zz%20", "https://h/a%20b%22%3C%3E%7B%7D%25zz%20"),
        ("https://h?q=1", "https://h/?q=1"),
    ])
    func isWrittenOneWay(_ text: String, _ expected: String) throws {
        #expect(try FetchURL(text).text == expected)
    }

    @Test(arguments: [
        "ftp://h/", "h/x", "https://", "https://user@h/", "https://user:secret@h/", "https://h:0/", "https://h:65536/",
        "https://h:+1/", "https://h:x/", "https://h%2e/", "https://h\\@i/", "https://[fe80::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://[::1]x/", "https://\u{FF0E}/", "https://a b/", "https://h:/",
    ])
    func refusesWhatCouldBeReadInTwoWays(_ text: String) throws {
        #expect { try FetchURL(text) } throws: { error in
            (error as? ModuleFetchError)?.kind == .invalid && !"\(error)".contains("secret")
        }
    }

    @Test(arguments: [
        ("https://o/x", "https://o/x"), ("//o:1/x", "https://o:1/x"), ("/x?y", "https://h/x?y"),
        ("?z", "https://h/a/b?z"),
        ("c", "https://h/a/c"), ("../c:d/", "https://h/c:d/"), ("", "https://h/a/b"), ("http://h/", "http://h/"),
    ])
    func resolvesLocations(_ location: String, _ expected: String) throws {
        #expect(try FetchURL("https://h/a/b?q").resolving(location).text == expected)
    }

    @Test func refusesLocationsOfOtherSchemes() throws {
        let url = try FetchURL("https://h/a")
        for location in ["file:///etc/passwd", "javascript:x", "gopher://h/"] {
            #expect(throws: ModuleFetchError.self) { try url.resolving(location) }
        }
    }

    @Test func isPrintedWithoutQuery() throws {
        #expect(try FetchURL("https://h/a?signature=secret").description == "https://h/a")
    }
}
