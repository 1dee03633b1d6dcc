import IstioResources
import Testing

@Suite("Documents")
struct DocumentTests {
    @Test("a resource with an error is left out, the others stay")
    func others() {
        let text =
            pluginYAML("{url: x}", name: "a") + "---\n" + pluginYAML("{}", name: "b") + "---\n---\n"
            + pluginYAML("{url: y}", name: "c")
        let (resources, problems) = decode(text)
        #expect(resources.wasmPlugins.map(\.metadata.name) == ["a", "c"])
        #expect(problems.count == 1)
        #expect(problems.first?.resource == "edge/b")
    }

    @Test("the same kind and name twice is an error, the first stays")
    func duplicates() {
        let (resources, problems) = decode(pluginYAML("{url: x}") + "---\n" + pluginYAML("{url: y}"))
        #expect(resources.wasmPlugins.map(\.url) == ["oci://x"])
        #expect(problems.first?.message.contains("defined twice") == true)
    }

    @Test("kinds from elsewhere are warned about and ignored")
    func otherKinds() {
        let (resources, problems) = decode("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {x: 1}\n")
        #expect(resources.count == 0)
        #expect(problems.map(\.severity) == [.warning])
        #expect(problems.first?.message.contains("kind Deployment") == true)
    }

    @Test("a List is its items")
    func lists() {
        let (resources, problems) = decode(
            """
            apiVersion: v1
            kind: List
            items:
            - apiVersion: extensions.istio.io/v1alpha1
              kind: WasmPlugin
              metadata: {name: p, creationTimestamp: "2024-01-01T00:00:01Z"}
              spec: {url: x}
            """
        )
        #expect(problems.isEmpty)
        #expect(resources.wasmPlugins.first?.metadata.creationTimestamp == 1_704_067_201)
        #expect(resources.wasmPlugins.first?.metadata.namespace == "default")
    }

    @Test(
        "what is no resource is an error with a place",
        arguments: [
            ("a: [", 2), ("- 1\n", 1), ("just text", 1), ("kind: WasmPlugin\n", 1), ("a: 1\na: 2\n", 1),
            ("a: 1\n  b: 2\n", 2), ("a: *nothing\n", 1), ("? [a]\n: b\n", 1), ("\u{1}", 1),
            ("apiVersion: extensions.istio.io/v1\nkind: WasmPlugin\nmetadata: {name: p}\nspec: {url: x}\n", 1),
            ("apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: A_b}\nspec: {url: x}\n", 3),
            ("apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: p}\n", 1),
        ]
    )
    func malformed(text: String, line: Int) {
        let (resources, problems) = decode(text)
        #expect(resources.count == 0)
        #expect(problems.first?.severity == .error)
        #expect(problems.first?.line == line)
    }

    @Test("aliases work, but not without end")
    func aliases() {
        let good = pluginYAML("{url: &u x, pluginConfig: {a: &a [1, 2], b: *a}}")
        #expect(decode(good).resources.wasmPlugins.first?.pluginConfig == #"{"a":[1,2],"b":[1,2]}"#)
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<30 {
            let references = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(references)]\n"
        }
        let (_, problems) = decode(bomb)
        #expect(problems.first?.message.contains("aliases expanded") == true)
        let asKey = bomb + "? *a29\n: x\n"
        #expect(decode(asKey).problems.first?.message.contains("not supported") == true)
        #expect(decode(bomb + "{[*a29]: x}\n").problems.first?.severity == .error)
    }

    @Test("size and depth are bounded")
    func bounds() {
        let large = String(repeating: "# comment\n", count: 500_000)
        #expect(decode(large).problems.first?.message.contains("larger than 4 MiB") == true)
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(decode(deep).problems.first?.message.contains("deeper") == true)
        let deeper = String(repeating: "[", count: 100_000)
        #expect(decode(deeper).problems.first?.severity == .error)
    }

    @Test("an edit with a mistake keeps the last good version")
    func lastGood() {
        let before = decode(pluginYAML("{url: x}", name: "a") + "---\n" + pluginYAML("{url: y}", name: "b")).resources
        let after = decode(pluginYAML("{}", name: "a")).resources.keepingLastGood(of: before)
        #expect(after.wasmPlugins.map(\.metadata.name) == ["a"])
        let unreadable = decode("a: [").resources.keepingLastGood(of: before)
        #expect(unreadable.wasmPlugins.count == 2)
    }

    @Test("a Secret's values are never printed")
    func secrets() throws {
        let (resources, problems) = decode(
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: s}
            type: kubernetes.io/dockerconfigjson
            data: {.dockerconfigjson: aHVzaA==}
            stringData: {k: quiet}
            """
        )
        #expect(problems.isEmpty)
        let secret = try #require(resources.secrets.first)
        #expect(secret.data[".dockerconfigjson"] == Array("hush".utf8))
        #expect(!"\(secret) \(String(reflecting: secret))".contains("quiet"))
    }

    @Test("mutated files never crash the decoder")
    func mutations() {
        let seed = Array(
            (pluginYAML(
                "{url: &u 'oci://r/x:v1', match: [{mode: CLIENT, ports: [{number: 80}]}], pluginConfig: {a: [1, 'b', ~]}}"
            )
                + "---\n" + routingYAML).utf8
        )
        var generator = SplitMix(state: 7)
        let alphabet = Array("{}[]:,&*?!|>'\"-#%@ \n\t0aé~<".utf8)
        for _ in 0..<1500 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                default:
                    let end = min(bytes.count, index + Int.random(in: 1...40, using: &generator))
                    bytes.replaceSubrange(index..<end, with: bytes[index..<end] + bytes[index..<end])
                }
            }
            let (resources, problems) = decode(String(decoding: bytes, as: UTF8.self))
            _ = resources.referenceProblems()
            #expect(problems.allSatisfy { $0.line >= 0 && !$0.description.isEmpty })
        }
    }
}
