import IstioResources
import Testing

let routingYAML = """
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: gw, namespace: edge}
    spec:
      selector: {istio: ingressgateway}
      servers:
      - port: {number: 8080, name: http, protocol: HTTP}
        hosts: ['*']
    ---
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: se, namespace: edge}
    spec:
      hosts: [backend.example]
      ports: [{number: 80, name: http, protocol: HTTP}]
      resolution: STATIC
      endpoints: [{address: 127.0.0.1, ports: {http: 9000}, labels: {v: '1'}}]
    ---
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: dr, namespace: edge}
    spec:
      host: backend.example
      subsets: [{name: v1, labels: {v: '1'}}]
    ---
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: vs, namespace: edge}
    spec:
      hosts: ['*']
      gateways: [gw]
      http:
      - match: [{uri: {prefix: /a}, headers: {x: {exact: '1'}}}]
        route: [{destination: {host: backend.example, subset: v1}}]

    """

@Suite("Routing resources")
struct RoutingValidationTests {
    static func service(_ http: String) -> String {
        routingYAML.replacing(after: "  http:\n", with: "  - \(http)\n")
    }

    @Test("a sound configuration has no problems")
    func sound() {
        let (resources, problems) = decode(routingYAML)
        #expect(problems.isEmpty, "\(problems)")
        #expect(resources.count == 4)
        #expect(resources.referenceProblems().isEmpty)
    }

    @Test(
        "http entries are checked",
        arguments: [
            (
                "{match: [{uri: {regex: '('}}], route: [{destination: {host: backend.example}}]}", "invalid regex",
                "spec.http[0].match[0].uri.regex"
            ),
            (
                "{match: [{uri: {exact: /a, prefix: /b}}], route: [{destination: {host: backend.example}}]}",
                "only one of", "spec.http[0].match[0].uri"
            ),
            (
                "{match: [{uri: {}}], route: [{destination: {host: backend.example}}]}", "one of exact",
                "spec.http[0].match[0].uri"
            ),
            (
                "{match: [{url: {exact: /}}], route: [{destination: {host: backend.example}}]}", "did you mean \"uri\"",
                "spec.http[0].match[0].url"
            ),
            ("{}", "exactly one of route", "spec.http[0]"),
            (
                "{redirect: {uri: /}, route: [{destination: {host: backend.example}}]}", "exactly one of route",
                "spec.http[0].redirect"
            ),
            ("{redirect: {uri: /n, redirectCode: 304}}", "301, 302", "spec.http[0].redirect.redirectCode"),
            ("{directResponse: {status: 99}}", "between 200", "spec.http[0].directResponse.status"),
            (
                "{route: [{destination: {host: a.b}, weight: 0}, {destination: {host: a.c}, weight: 0}]}",
                "must not all be 0", "spec.http[0].route"
            ),
            ("{route: []}", "at least one destination", "spec.http[0].route"),
            (
                "{timeout: 5, route: [{destination: {host: backend.example}}]}", "must be a string",
                "spec.http[0].timeout"
            ),
            (
                "{timeout: 5x, route: [{destination: {host: backend.example}}]}", "invalid duration",
                "spec.http[0].timeout"
            ),
            (
                "{headers: {request: {set: {Host: x}}}, route: [{destination: {host: backend.example}}]}",
                "cannot be changed", "spec.http[0].headers.request.set.Host"
            ),
            (
                "{headers: {response: {add: {'a b': x}}}, route: [{destination: {host: backend.example}}]}",
                "no header name", "spec.http[0].headers.response.add.a b"
            ),
            (
                "{rewrite: {uriRegexRewrite: {match: '[', rewrite: x}}, route: [{destination: {host: backend.example}}]}",
                "invalid regex", "spec.http[0].rewrite.uriRegexRewrite.match"
            ),
            (
                "{rewrite: {uriRegexRewrite: {match: a, rewrite: '\\x'}}, route: [{destination: {host: backend.example}}]}",
                "backslash", "spec.http[0].rewrite.uriRegexRewrite.rewrite"
            ),
        ]
    )
    func entries(http: String, message: String, path: String) {
        let (resources, problems) = decode(Self.service(http))
        #expect(resources.virtualServices.isEmpty)
        #expect(
            problems.contains { $0.severity == .error && $0.message.contains(message) && $0.fieldPath == path },
            "\(problems)")
    }

    @Test(
        "features that come later are warned about",
        arguments: [
            "retries: {attempts: 3}", "fault: {abort: {httpStatus: 500}}", "mirror: {host: m}", "corsPolicy: {}",
        ]
    )
    func unsupported(field: String) {
        let (resources, problems) = decode(Self.service("{\(field), route: [{destination: {host: backend.example}}]}"))
        #expect(resources.virtualServices.count == 1)
        #expect(problems.map(\.severity) == [.warning])
    }

    @Test(
        "destinations must exist, with their port and subset",
        arguments: [
            ("{host: nowhere}", "no ServiceEntry has the host \"nowhere\"", "spec.http[0].route[0].destination.host"),
            (
                "{host: backend.example, port: {number: 81}}", "no port 81",
                "spec.http[0].route[0].destination.port.number"
            ),
            ("{host: backend.example, subset: v9}", "subset \"v9\"", "spec.http[0].route[0].destination.subset"),
        ]
    )
    func destinations(destination: String, message: String, path: String) throws {
        let (resources, problems) = decode(Self.service("{route: [{destination: \(destination)}]}"))
        #expect(problems.isEmpty)
        let problem = try #require(resources.referenceProblems().first)
        #expect(problem.severity == .error && problem.fieldPath == path && problem.resource == "edge/vs")
        #expect(problem.message.contains(message))
    }

    @Test(
        "service entries are checked",
        arguments: [
            ("address: 127.0.0.1", "address: localhost", "must be an IP address"),
            ("ports: {http: 9000}", "ports: {grpc: 9000}", "names no port"),
            ("hosts: [backend.example]", "hosts: ['*']", "must be a host name"),
            ("resolution: STATIC", "resolution: NONE", "endpoints need resolution"),
            ("address: 127.0.0.1", "address: 'unix:///x'", "Unix domain"),
        ]
    )
    func serviceEntries(old: String, new: String, message: String) {
        let (resources, problems) = decode(routingYAML.replacing(old, with: new))
        #expect(resources.serviceEntries.isEmpty)
        #expect(problems.contains { $0.message.contains(message) }, "\(problems)")
    }

    @Test(
        "durations are Go's",
        arguments: [
            ("1h2m3.5s", 3_723_500_000_000), ("100ms", 100_000_000), ("1us", 1000), (".5s", 500_000_000), ("0", 0),
            ("-1s", -1_000_000_000), ("", nil), ("5", nil), ("s", nil), ("1.2.3s", nil), ("99999999999h", nil),
        ] as [(String, Int64?)]
    )
    func durations(text: String, nanoseconds: Int64?) {
        #expect(GoDuration.nanoseconds(text) == nanoseconds)
    }

    @Test(
        "hosts cover each other by suffix",
        arguments: [
            ("*", "a.b", "a.b"), ("*.b.c", "*.c", "*.b.c"), ("a.b", "a.b", "a.b"), ("*.b", "b", nil),
            ("a.b", "c.b", nil),
            ("*.example.com", "x.y.example.com", "x.y.example.com"),
        ] as [(String, String, String?)]
    )
    func hosts(left: String, right: String, common: String?) {
        #expect(HostName.intersection(left, right) == common)
        #expect(HostName.intersection(right, left) == common)
    }

    @Test(
        "addresses are told from names",
        arguments: [
            ("127.0.0.1", true), ("::1", true), ("fe80::1:2", true), ("1:2:3:4:5:6:7:8", true), ("::", true),
            ("::ffff:1.2.3.4", true), ("256.1.1.1", false), ("1.2.3", false), ("1::2::3", false), (":1", false),
            ("1:2:3:4:5:6:7:8:9", false), ("a.b", false), ("", false),
        ]
    )
    func addresses(text: String, isAddress: Bool) {
        #expect(HostName.isIPAddress(text) == isAddress)
    }
}

extension String {
    /// Cuts everything behind `marker` and puts `text` there.
    func replacing(after marker: String, with text: String) -> String {
        guard let range = self.firstRange(of: marker) else { return self }
        return self[..<range.upperBound] + text
    }
}
