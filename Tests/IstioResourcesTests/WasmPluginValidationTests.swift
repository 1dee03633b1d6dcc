import IstioResources
import Testing

@Suite("WasmPlugin validation")
struct WasmPluginValidationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var id: String
        var spec: String
        /// A part of the error and where it points; nil = accepted.
        var error: String?
        var path: String?
        var testDescription: String { self.id }

        init(_ id: String, _ spec: String, _ error: String? = nil, at path: String? = nil) {
            self.id = id
            self.spec = spec
            self.error = error
            self.path = path
        }
    }

    static let url = "url: 'oci://r.io/x:v1'"
    static func many(_ count: Int) -> String { String(repeating: "a", count: count) }
    static let env257 = (0..<257).map { "{name: A\($0), value: x}" }.joined(separator: ", ")
    static let refs17 = (0..<17).map { "{kind: Service, name: s\($0)}" }.joined(separator: ", ")

    static let cases: [Case] = [
        Case("A01", "{}", "url field needs to be set", at: "spec.url"),
        Case("A02", "{url: ''}", "url field needs to be set", at: "spec.url"),
        Case("A03", "{url: 'ftp://h/x.wasm'}", "url contains unsupported scheme: ftp", at: "spec.url"),
        Case("A04", "{url: 'docker.io/a/b:v1'}"),
        Case("A05", "{url: test}"),
        Case("A06", "{url: 'registry.io:5000/a:v1'}"),
        Case("A07", "{url: 'oci://registry.io:5000/a:v1'}"),
        Case("A08", "{url: '10.0.0.5:5000/a:v1'}"),
        Case("A09", "{url: 'file:///opt/p.wasm'}"),
        Case("A10", "{url: 'file://p.wasm'}"),
        Case("A11", "{\(url), sha256: abc}", "sha256 field must be 64 characters long", at: "spec.sha256"),
        Case("A12 G", "{\(url), sha256: G\(many(63))}", "sha256 field must match [a-f0-9]{64} pattern"),
        Case("A12 upper", "{\(url), sha256: A\(many(63))}", "sha256 field must match [a-f0-9]{64} pattern"),
        Case("A13", "{\(url), sha256: ''}"),
        Case("A14", "{url: 'oci://r/x@sha256:\(digest1)', sha256: \(digest2)}", "sha256 differs", at: "spec.sha256"),
        Case("A14 equal", "{url: 'oci://r/x@sha256:\(digest1)', sha256: \(digest1)}"),
        Case("A14 malformed", "{url: 'oci://r/x@sha256:12'}", "malformed digest"),
        Case("A15 empty", "{\(url), imagePullSecret: ''}", "must not be empty", at: "spec.imagePullSecret"),
        Case("A15 long", "{\(url), imagePullSecret: \(many(254))}", "at most 253", at: "spec.imagePullSecret"),
        Case("A16 empty", "{\(url), pluginName: ''}", "must not be empty", at: "spec.pluginName"),
        Case("A16 long", "{\(url), pluginName: \(many(257))}", "at most 256", at: "spec.pluginName"),
        Case(
            "A17", "{\(url), vmConfig: {env: [{name: A, value: x}, {name: A, value: y}]}}", "duplicate env",
            at: "spec.vmConfig.env[1].name"
        ),
        Case(
            "A18", "{\(url), vmConfig: {env: [{name: A, valueFrom: HOST, value: x}]}}",
            "value may only be set when valueFrom is INLINE", at: "spec.vmConfig.env[0].value"
        ),
        Case("A19", "{\(url), vmConfig: {env: [{name: A, valueFrom: HOST}]}}"),
        Case("A20", "{\(url), vmConfig: {env: [{name: '', value: x}]}}", "spec.vmConfig.env invalid"),
        Case("A21 value", "{\(url), vmConfig: {env: [{name: A, value: \(many(2049))}]}}", "at most 2048"),
        Case("A21 count", "{\(url), vmConfig: {env: [\(env257)]}}", "at most 256 entries", at: "spec.vmConfig.env"),
        Case(
            "A22",
            "{\(url), selector: {matchLabels: {app: x}}, targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]}",
            "only one of targetRefs or workloadSelector can be set"
        ),
        Case(
            "A23", "{\(url), targetRef: {kind: Service, name: s}, targetRefs: [{kind: Service, name: s}]}",
            "only one of targetRefs or workloadSelector can be set"
        ),
        Case(
            "A24", "{\(url), targetRefs: [{group: '', kind: Pod, name: p}]}", "targetRef must be to one of",
            at: "spec.targetRefs[0].kind"
        ),
        Case(
            "A25",
            "{\(url), targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g, namespace: other}]}",
            "must not be set", at: "spec.targetRefs[0].namespace"
        ),
        Case("A26", "{\(url), targetRefs: [\(refs17)]}", "at most 16 entries", at: "spec.targetRefs"),
        Case("A27", "{\(url), selector: {matchLabels: {}}}"),
        Case("A28", "{\(url), selector: {matchLabels: {app: '*'}}}", "wildcard", at: "spec.selector.matchLabels.app"),
        Case(
            "A29 zero", "{\(url), match: [{ports: [{number: 0}]}]}", "between 1 and 65535",
            at: "spec.match[0].ports[0].number"),
        Case("A29 large", "{\(url), match: [{ports: [{number: 70000}]}]}", "between 1 and 65535"),
        Case("A29 missing", "{\(url), match: [{ports: [{}]}]}", "a port number is required"),
        Case("A29 twice", "{\(url), match: [{ports: [{number: 1}, {number: 1}]}]}", "listed twice"),
        Case("A29 null", "{\(url), match: [null]}", "must not be null", at: "spec.match[0]"),
        Case("A30 low", "{\(url), priority: -2147483648}"),
        Case("A30 high", "{\(url), priority: 2147483647}"),
        Case("A30 beyond", "{\(url), priority: 2147483648}", "must be between", at: "spec.priority"),
        Case("A31 phase", "{\(url), phase: PRE}", "unknown value \"PRE\"", at: "spec.phase"),
        Case("A31 failStrategy", "{\(url), failStrategy: FAIL_SAFE}", "unknown value", at: "spec.failStrategy"),
        Case("A31 type", "{\(url), type: L4}", "unknown value", at: "spec.type"),
        Case("A32", "{\(url), failStrategy: FAIL_RELOAD}"),
        Case("A33 text", "{\(url), pluginConfig: text}", "must be an object, not a string", at: "spec.pluginConfig"),
        Case("A33 list", "{\(url), pluginConfig: [1]}", "must be an object, not a list", at: "spec.pluginConfig"),
        Case("A34", "{\(url), verificationKey: x}"),
        Case(
            "unknown field", "{\(url), failStratgy: FAIL_OPEN}", "did you mean \"failStrategy\"?",
            at: "spec.failStratgy"),
        Case("quoted number", "{\(url), priority: '1'}", "must be an integer, not a string", at: "spec.priority"),
        Case("unquoted number", "{\(url), pluginName: 1}", "must be a string, not a number", at: "spec.pluginName"),
        Case("unquoted boolean", "{\(url), vmConfig: {env: [{name: A, value: true}]}}", "not a boolean"),
        Case("spaces", "{url: 'oci://a b'}", "spaces or control characters"),
        Case("empty target", "{url: 'oci://'}", "names nothing"),
    ]

    @Test("rows of the case table", arguments: cases)
    func validates(_ row: Case) throws {
        let (resources, problems) = decode(pluginYAML(row.spec))
        let errors = problems.filter { $0.severity == .error }
        if let wanted = row.error {
            #expect(errors.contains { $0.message.contains(wanted) }, "\(problems)")
            #expect(resources.wasmPlugins.isEmpty)
            #expect(resources.rejected == ["WasmPlugin/edge/p"])
            if let path = row.path { #expect(errors.contains { $0.fieldPath == path }, "\(problems)") }
        } else {
            #expect(errors.isEmpty)
            #expect(resources.wasmPlugins.count == 1)
        }
    }

    @Test(
        "a url gets its scheme",
        arguments: [
            ("docker.io/a/b:v1", "oci://docker.io/a/b:v1"), ("test", "oci://test"),
            ("registry.io:5000/a:v1", "oci://registry.io:5000/a:v1"), ("img:v1", "oci://img:v1"),
            ("10.0.0.5:5000/a:v1", "oci://10.0.0.5:5000/a:v1"), ("file:///opt/p.wasm", "file:///opt/p.wasm"),
            ("HTTPS://h/x.wasm", "https://h/x.wasm"),
        ]
    )
    func url(written: String, expected: String) {
        #expect(decode(pluginYAML("{url: '\(written)'}")).resources.wasmPlugins.first?.url == expected)
    }

    @Test(
        "surprises are warnings",
        arguments: [
            ("selector: {matchLabels: {}}", "workload selector specified without labels"),
            ("match: [{mode: SERVER}]", "mode SERVER never matches a gateway"),
            ("verificationKey: x", "cannot verify anything"),
            ("vmConfig: {env: [{name: ISTIO_META_A, value: x}]}", "reserved prefix"),
        ]
    )
    func warns(field: String, message: String) {
        let (resources, problems) = decode(pluginYAML("{url: x, \(field)}"))
        #expect(resources.wasmPlugins.count == 1)
        #expect(problems.contains { $0.severity == .warning && $0.message.contains(message) })
    }

    @Test("positions point at the value, unknown fields at the key")
    func positions() {
        let text = """
            apiVersion: extensions.istio.io/v1alpha1
            kind: WasmPlugin
            metadata:
              name: p
            spec:
              url: x
              match:
              - ports:
                - number: 70000
              colour: red
            """
        let (_, problems) = decode(text, namespace: "edge")
        #expect(
            problems.map(\.description) == [
                "f.yaml:9:15: edge/p: spec.match[0].ports[0].number: must be between 1 and 65535, not 70000",
                "f.yaml:10:3: edge/p: spec.colour: unknown field \"colour\"",
            ]
        )
    }

    @Test("annotations set the limits")
    func annotations() throws {
        let metadata = """
            annotations: {mizzen.dev/callback-deadline: 1.5s, mizzen.dev/memory-limit: 64MiB, \
            mizzen.dev/allow-headers-stop-iteration: 'true', other: x}
            """
        let plugin = try #require(decode(pluginYAML("{url: x}", metadata: metadata)).resources.wasmPlugins.first)
        #expect(plugin.limits.callbackDeadlineMilliseconds == 1500)
        #expect(plugin.limits.memoryBytes == 64 << 20)
        #expect(plugin.allowOnHeadersStopIteration == true)
    }

    @Test("annotations say what the VM is made with")
    func annotationsOfVM() throws {
        let metadata = """
            annotations: {mizzen.dev/vm-id: shared, mizzen.dev/vm-configuration: '{"a": 1}', \
            mizzen.dev/allowed-capabilities: 'proxy_on_tick, fd_write,proxy_log,fd_write'}
            """
        let plugin = try #require(decode(pluginYAML("{url: x}", metadata: metadata)).resources.wasmPlugins.first)
        #expect(plugin.vmID == "shared")
        #expect(plugin.vmConfiguration == #"{"a": 1}"#)
        #expect(plugin.allowedCapabilities == ["fd_write", "proxy_log", "proxy_on_tick"])
    }

    @Test(
        "bad annotations are errors",
        arguments: [
            "callback-deadline: 0s", "callback-deadline: '5'", "memory-limit: 1Ti", "memory-limit: 1Ki",
            "allow-headers-stop-iteration: 'yes'", "colour: red",
            "vm-id: \(String(repeating: "a", count: 254))", "allowed-capabilities: ''",
            "allowed-capabilities: 'proxy_log,,fd_write'", "allowed-capabilities: 'proxy-log'",
        ]
    )
    func badAnnotations(text: String) {
        let (resources, problems) = decode(pluginYAML("{url: x}", metadata: "annotations: {mizzen.dev/\(text)}"))
        #expect(resources.wasmPlugins.isEmpty)
        #expect(problems.count == 1)
    }

    @Test(
        "pluginConfig becomes JSON with types kept",
        arguments: [
            ("{}", ""), ("{a: 1, b: [true, null], c: {d: é}}", #"{"a":1,"b":[true,null],"c":{"d":"é"}}"#),
            ("{n: 9007199254740993}", #"{"n":9007199254740992}"#),
            ("{n: 9007199254740992}", #"{"n":9007199254740992}"#),
            ("{n: -9007199254740993}", #"{"n":-9007199254740992}"#),
            ("{s: '1', t: \"true\"}", #"{"s":"1","t":"true"}"#),
            ("{z: 1, a: 2}", #"{"z":1,"a":2}"#),
            ("{f: 1.5, g: 1.0, h: 1e3, i: .5}", #"{"f":1.5,"g":1,"h":1000,"i":0.5}"#),
            ("{x: 0x1F, o: 0o17, p: 017}", #"{"x":31,"o":15,"p":15}"#), ("{y: yes, n: off}", #"{"y":true,"n":false}"#),
            (#"{e: "a\"\\\n\u0001"}"#, #"{"e":"a\"\\\n\u0001"}"#), ("{n: ~, e: }", #"{"n":null,"e":null}"#),
            ("{v: 1.2.3, d: 2024-01-02, i: .inf, s: !!str 1}", #"{"v":"1.2.3","d":"2024-01-02","i":".inf","s":"1"}"#),
            ("{1: a, true: b}", #"{"1":"a","true":"b"}"#),
            ("{n: 123456789012345678901234567890}", #"{"n":1.2345678901234568e+29}"#),
        ]
    )
    func pluginConfig(written: String, expected: String) {
        let plugin = decode(pluginYAML("{url: x, pluginConfig: \(written)}")).resources.wasmPlugins.first
        #expect(plugin?.pluginConfig == expected)
    }

    @Test("no pluginConfig is no bytes")
    func noConfig() {
        #expect(decode(pluginYAML("{url: x}")).resources.wasmPlugins.first?.pluginConfig == "")
    }

    @Test("a TrafficExtension with wasm is the same plugin, with lua an error")
    func trafficExtension() throws {
        let head = """
            apiVersion: extensions.istio.io/v1alpha1
            kind: TrafficExtension
            metadata: {name: t, namespace: edge}
            """
        let (resources, problems) = decode(
            head + "\nspec: {phase: AUTHN, priority: 3, wasm: {url: x, pluginConfig: {a: 1}, failStrategy: FAIL_OPEN}}"
        )
        #expect(problems.isEmpty)
        let plugin = try #require(resources.wasmPlugins.first)
        #expect(plugin.phase == .authn && plugin.priority == 3 && plugin.failStrategy == .open)
        #expect(plugin.pluginConfig == #"{"a":1}"#)
        let lua = decode(head + "\nspec: {lua: {inlineCode: x}}")
        #expect(lua.resources.wasmPlugins.isEmpty)
        #expect(lua.problems.first?.fieldPath == "spec.lua")
    }
}
