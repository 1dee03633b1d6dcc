import Testing

@testable import ProxyWasm

@Suite struct PairsCodecTests {
    private func decode(_ bytes: [UInt8]) -> [String]? {
        bytes.withUnsafeBytes { bytes -> [String]? in
            guard let pairs = PairsView(bytes) else { return nil }
            var result: [String] = []
            _ = pairs.allSatisfy { name, value in
                result.append("\(String(decoding: name, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))")
                return true
            }
            return result
        }
    }

    private func encode(_ pairs: [(String, String)]) -> [UInt8] {
        let map = TestStream.map(pairs)
        var bytes = [UInt8](repeating: 0x3f, count: PairsEncoder.byteCount(map))
        bytes.withUnsafeMutableBytes { PairsEncoder.encode(map, into: $0) }
        return bytes
    }

    @Test func mapHasTheLayoutOfTheSpecification() {
        let expected: [UInt8] = [
            2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x61, 0, 0x31, 0, 0x62, 0, 0x32, 0x32, 0,
        ]
        #expect(self.encode([("a", "1"), ("b", "22")]) == expected)
        #expect(expected.count == 29)
    }

    @Test(arguments: [
        [("some_data", "9")], [("a", "")], [("a", "x\u{0}y")], [("a", "1"), ("a", "2")],
        (0..<1024).map { ("k\($0)", "v") },
    ])
    func encodedMapDecodesToItself(pairs: [(String, String)]) {
        #expect(self.decode(self.encode(pairs)) == pairs.map { "\($0.0)=\($0.1)" })
    }

    @Test(arguments: [[], [0], [0, 0, 0, 0]] as [[UInt8]])
    func everySpellingOfTheEmptyMapIsAccepted(bytes: [UInt8]) {
        #expect(self.decode(bytes) == [])
    }

    @Test(
        arguments: [
            ("not even a count", [1, 0]),
            ("one byte that is not zero", [1]),
            ("two pairs declared, sizes of one", [2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x61, 0, 0x31, 0]),
            ("no NUL after the value", [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x61, 0, 0x31, 1]),
            ("no NUL after the name", [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x61, 1, 0x31, 0]),
            ("cut before the last NUL", [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x61, 0, 0x31]),
            ("surplus byte", [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x61, 0, 0x31, 0, 0]),
            ("huge count", [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("name length that wraps", [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0x61, 0, 0x31, 0]),
            ("value length that wraps", [1, 0, 0, 0, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x61, 0, 0x31, 0]),
        ] as [(String, [UInt8])])
    func malformedMapIsRefusedAsAWhole(what: String, bytes: [UInt8]) {
        #expect(self.decode(bytes) == nil, "\(what)")
    }

    @Test func pairsAreBoundedInNumberAndSize() {
        #expect(self.decode(self.encode((0..<1025).map { ("k\($0)", "") })) == nil)
        let most = String(repeating: "v", count: PairsView.maximumBytes - 15)
        #expect(self.decode(self.encode([("a", most)]))?.count == 1)
        #expect(self.decode(self.encode([("a", most + "v")])) == nil)
    }

    @Test func noInputMakesTheDecoderReadOutside() {
        var generator = SystemRandomNumberGenerator()
        let valid = self.encode([("name", "value"), ("b", "22")])
        for _ in 0..<5000 {
            var bytes = valid.prefix(Int.random(in: 0...valid.count, using: &generator)).map { $0 }
            for _ in 0..<3 where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = self.decode(bytes)
        }
    }
}
