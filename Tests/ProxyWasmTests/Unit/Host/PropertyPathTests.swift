import Testing

@testable import ProxyWasm

@Suite struct PropertyPathTests {
    @Test(arguments: [
        ("request\0path", ["request", "path"]), ("request\0path\0", ["request", "path"]),
        ("request.path", ["request.path"]),
        ("", []), ("\0", []), ("a\0\0b", ["a", "", "b"]), ("a\0\0", ["a", ""]),
    ])
    func pathIsSplitAtNULAndATrailingOneIsDropped(text: String, segments: [String]) {
        let path = PropertyPath(Array(text.utf8))
        #expect((0..<path.count).map { String(decoding: path.segment($0), as: UTF8.self) } == segments)
    }

    @Test func matchesComparesWholeSegments() {
        let path = PropertyPath(Array("request\0path".utf8))
        #expect(path.matches(0, "request"))
        #expect(path.matches(1, "path"))
        #expect(!path.matches(0, "req"))
        #expect(!path.matches(2, "path"))
    }
}
