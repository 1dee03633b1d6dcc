import Testing

@testable import ProxyWasm

@Suite struct HeaderMapTests {
    private func texts(_ map: HeaderMap) -> [String] { map.pairs.map { "\($0.name)=\($0.value)" } }

    @Test func namesAreStoredInLowerCaseAndFoundInAnyCase() {
        let map = TestStream.map([("X-Abc", "V")])
        #expect(self.texts(map) == ["x-abc=V"])
        #expect(map["x-ABC"] == "V")
        #expect(map["x-ab"] == nil)
    }

    @Test func pseudoHeadersComeFirstInTheirOrder() {
        let map = TestStream.map([("a", "1"), (":method", "GET"), ("b", "2"), (":path", "/")])
        #expect(self.texts(map) == [":method=GET", ":path=/", "a=1", "b=2"])
    }

    @Test func setKeepsThePlaceAndOneValue() {
        let map = TestStream.map([("a", "1"), ("b", "2"), ("a", "3"), ("c", "4"), ("a", "5")])
        map.set(name: "a", value: "a longer value than before")
        #expect(self.texts(map) == ["a=a longer value than before", "b=2", "c=4"])
        map.set(name: "b", value: "")
        map.set(name: "d", value: "new")
        #expect(self.texts(map) == ["a=a longer value than before", "b=", "c=4", "d=new"])
    }

    @Test func removeTakesEveryEntryOfTheName() {
        let map = TestStream.map([("a", "1"), ("b", "2"), ("A", "3")])
        let removed = map.remove(name: "a")
        #expect(removed)
        let again = map.remove(name: "a")
        #expect(!again)
        #expect(self.texts(map) == ["b=2"])
        #expect(map.byteCount == 2)
    }

    @Test func joinAddsACommaAndTheValue() throws {
        let map = TestStream.map([("a", "1"), ("b", "2")])
        let index = try #require(map.firstIndex(of: "a"))
        let value: [UInt8] = [0x33]
        value.withUnsafeBytes { _ = map.join(at: index, $0) }
        #expect(self.texts(map) == ["a=1,3", "b=2"])
    }

    @Test func repeatedHeadersThatEnvoyKeepsAsOneValueAreJoinedAtTheFirstOnesPlace() {
        let map = TestStream.map([
            (":path", "/"), ("accept", "a"), ("cookie", "1"), ("Accept", "b"), ("x-other", "1"), ("via", "v"),
            ("cookie", "2"), ("accept", ""), ("x-other", "2"), ("vary", "a"), ("vary", "b"),
        ])
        map.joinRepeated(isRequest: true)
        let expected = [
            ":path=/", "accept=a,b,", "cookie=1", "x-other=1", "via=v", "cookie=2", "x-other=2", "vary=a", "vary=b",
        ]
        #expect(self.texts(map) == expected)
        let response = TestStream.map([("vary", "a"), ("set-cookie", "1"), ("vary", "b"), ("set-cookie", "2")])
        response.joinRepeated(isRequest: false)
        #expect(self.texts(response) == ["vary=a,b", "set-cookie=1", "set-cookie=2"])
    }

    @Test func joiningGrowsTheMapWithoutLosingWhatItReads() {
        let long = String(repeating: "v", count: 700)
        let map = TestStream.map((0..<40).map { ("x-forwarded-for", "\(long)\($0)") })
        map.joinRepeated(isRequest: true)
        #expect(map.count == 1)
        #expect(map["x-forwarded-for"] == (0..<40).map { "\(long)\($0)" }.joined(separator: ","))
    }

    @Test func aShorterValueDoesNotDisturbItsNeighbours() {
        let map = TestStream.map([("a", "12345"), ("b", "67890")])
        map.set(name: "a", value: "x")
        map.set(name: "a", value: "yyyyyyyyyy")
        #expect(self.texts(map) == ["a=yyyyyyyyyy", "b=67890"])
    }

    @Test func mapsGrowAndAreBounded() {
        let map = HeaderMap()
        for index in 0..<HeaderMap.maximumEntries {
            let isAdded = map.append(name: "name-\(index)", value: "value")
            #expect(isAdded)
        }
        let isAdded = map.append(name: "one", value: "more")
        #expect(!isAdded)
        #expect(map["name-4095"] == "value")
        map.removeAll()
        #expect(map.count == 0)
        let big = String(repeating: "v", count: HeaderMap.maximumArenaBytes)
        let isBigAdded = map.append(name: "big", value: big)
        #expect(!isBigAdded)
    }

    @Test func copyTakesEverythingAndForgetsWhatWasThere() {
        let map = TestStream.map([("old", "1")])
        map.copy(from: TestStream.map([(":path", "/"), ("a", "1"), ("a", "2")]))
        #expect(self.texts(map) == [":path=/", "a=1", "a=2"])
    }
}
