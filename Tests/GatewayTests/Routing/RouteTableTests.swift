import ProxyWasm
import Testing

@testable import Gateway

@Suite("RouteTable")
struct RouteTableTests {
    static func headers(_ authority: String, _ path: String, _ others: [(String, String)] = []) -> HeaderMap {
        let map = HeaderMap()
        map.append(name: ":method", value: "GET")
        map.append(name: ":authority", value: authority)
        map.append(name: ":path", value: path)
        for (name, value) in others { map.append(name: name, value: value) }
        return map
    }

    static func route(_ name: String, _ match: RouteMatchConfiguration) -> RouteConfiguration {
        RouteConfiguration(name: name, match: match, action: .direct(status: 200, body: []))
    }

    static func host(_ name: String, _ domains: [String]) -> VirtualHostConfiguration {
        VirtualHostConfiguration(name: name, domains: domains, routes: [])
    }

    @Test(
        "hosts: exact, then the longest suffix, then *; ports and case are ignored",
        arguments: [
            ("a.b.c", "exact"), ("A.B.C:8443", "exact"), ("x.b.c", "long"), ("x.y.c", "short"), ("c", "any"),
            ("other", "any"), ("[::1]:80", "any"),
        ]
    )
    func hosts(_ authority: String, _ expected: String) throws {
        let table = try RouteTable([
            Self.host("any", ["*"]), Self.host("short", ["*.c"]), Self.host("long", ["*.b.c"]),
            Self.host("exact", ["a.b.c"]),
        ])
        let found = Array(authority.utf8).withUnsafeBytes { table.virtualHost(for: $0)?.name }
        #expect(found == expected)
    }

    @Test(
        "conditions of one match all have to hold",
        arguments: [
            ("/foobar?x=1", [], true), ("/fo", [], false), ("/foo", [("x-a", "1")], true),
        ] as [(String, [(String, String)], Bool)]
    )
    func prefix(_ path: String, _ others: [(String, String)], _ expected: Bool) throws {
        let route = try Route(Self.route("r", RouteMatchConfiguration(path: .prefix("/foo"))))
        #expect(route.matches(Self.headers("h", path, others)) == expected)
    }

    @Test func regexMatchesTheWholePathWithoutQuery() throws {
        let route = try Route(Self.route("r", RouteMatchConfiguration(path: .regex("/a.*b"))))
        #expect(route.matches(Self.headers("h", "/a1b?q=c")))
        #expect(!route.matches(Self.headers("h", "/a1bc")))
    }

    @Test func withoutHeadersAndQueryParameters() throws {
        let route = try Route(
            Self.route(
                "r",
                RouteMatchConfiguration(
                    headers: [HeaderMatchConfiguration(name: "x-no", match: .present, inverted: true)],
                    query: [QueryMatchConfiguration(name: "v", match: .exact("2"))]
                )
            )
        )
        #expect(route.matches(Self.headers("h", "/?a=1&v=2")))
        #expect(!route.matches(Self.headers("h", "/?v=1")))
        #expect(!route.matches(Self.headers("h", "/?v=2", [("x-no", "")])))
    }

    @Test func aPrefixRewriteKeepsTheRestAndTheQuery() throws {
        let action = ForwardAction(destinations: [.init(cluster: "c", weight: 1)], pathRewrite: .uri("/new"))
        let route = try Route(
            RouteConfiguration(
                name: "r", match: RouteMatchConfiguration(path: .prefix("/old")), action: .forward(action))
        )
        let map = Self.headers("h", "/old/x?q=1")
        #expect(route.rewrite(map))
        #expect(map[":path"] == "/new/x?q=1")
    }

    @Test func destinationsOfWeightZeroAreNeverPicked() throws {
        let action = ForwardAction(destinations: [.init(cluster: "a", weight: 0), .init(cluster: "b", weight: 100)])
        let route = try Route(RouteConfiguration(name: "r", match: RouteMatchConfiguration(), action: .forward(action)))
        for random in 0..<200 as Range<UInt64> { #expect(route.pickDestination(random: random)?.cluster == "b") }
    }
}
