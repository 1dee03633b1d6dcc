import ProxyWasm
import Testing

@testable import Gateway

@Suite("Attributes of a TLS connection, response flags, filter state")
struct ConnectionAttributesTests {
    private final class Connection: ConnectionFacts {
        let remoteAddressBytes = Array("10.0.0.1:4711".utf8)
        let remoteIPBytes = Array("10.0.0.1".utf8)
        let remotePort = 4711
        let localAddressBytes = Array("10.0.0.2:443".utf8)
        let localPort = 443
        let connectionID: UInt64 = 7
        let listenerName = "l"
        var filterState: ConnectionFilterState?
        var tls: TLSInfo?
        var terminationDetails: String? = "via_test"
        var transportFailureReason: String? = "TLS_error"
    }

    private static var tls: TLSInfo {
        var tls = TLSInfo()
        tls.version = "TLSv1.3"
        tls.requestedServerName = "sni.test"
        tls.isMutual = true
        tls.local = TLSInfo.Certificate(subject: "CN=local", dnsNames: ["l1", "l2"], uris: ["spiffe://l"])
        tls.peer = TLSInfo.Certificate(
            subject: "CN=peer", dnsNames: ["p1"], uris: ["spiffe://p", "spiffe://q"], sha256Digest: "ab12",
            urlEncodedPEM: "-----BEGIN%20CERTIFICATE")
        return tls
    }

    private static func get(_ name: String, _ connection: Connection) -> AttributeValue? {
        var attribute = AttributeBuffer()
        let path = PropertyPath(segments: [Array("connection".utf8), Array(name.utf8)])
        return ConnectionAttributes.get(path, connection, &attribute) == .ok ? attribute.value : nil
    }

    @Test(
        arguments: [
            ("id", .uint(7)), ("mtls", .bool(true)), ("tls_version", .string("TLSv1.3")),
            ("requested_server_name", .string("sni.test")),
            ("subject_local_certificate", .string("CN=local")), ("subject_peer_certificate", .string("CN=peer")),
            ("dns_san_local_certificate", .string("l1")),
            ("dns_san_peer_certificate", .string("p1")), ("uri_san_local_certificate", .string("spiffe://l")),
            ("uri_san_peer_certificate", .string("spiffe://p")),
            ("sha256_peer_certificate_digest", .string("ab12")),
            ("peer_certificate", .string("-----BEGIN%20CERTIFICATE")), ("termination_details", .string("via_test")),
            ("transport_failure_reason", .string("TLS_error")), ("nope", nil),
        ] as [(String, AttributeValue?)])
    func withTLS(_ name: String, _ expected: AttributeValue?) {
        let connection = Connection()
        connection.tls = Self.tls
        #expect(Self.get(name, connection) == expected)
    }

    @Test func withoutTLS() {
        let connection = Connection()
        #expect(Self.get("mtls", connection) == .bool(false))
        #expect(Self.get("requested_server_name", connection) == .string(""))
        for name in ["tls_version", "subject_peer_certificate", "dns_san_peer_certificate"] {
            #expect(Self.get(name, connection) == nil)
        }
        connection.tls = TLSInfo()
        for name in ["tls_version", "subject_peer_certificate", "dns_san_peer_certificate"] {
            #expect(Self.get(name, connection) == nil, "what is empty is not there")
        }
    }

    @Test(
        arguments: [
            ("-", 0), ("UH", 1 << 1), ("UT", 1 << 2), ("UF", 1 << 5), ("UC", 1 << 6), ("UO", 1 << 7), ("NR", 1 << 8),
            ("DC", 1 << 14), ("SI", 1 << 16), ("DPE", 1 << 18),
            ("UPE", 1 << 23), ("NC", 1 << 24), ("UF,URX", 1 << 5 | 1 << 15), ("NOPE", 0), ("", 0),
        ] as [(StaticString, Int)])
    func flags(_ names: StaticString, _ bits: Int) { #expect(ResponseFlags.bits(names) == bits) }

    @Test func filterStateIsBoundedAndReadOnlyWhereDeclared() {
        var state = FilterState()
        let readOnly = PropertyDeclaration(isReadOnly: true, content: .string)
        #expect(state.set([1], [2], as: readOnly) == .ok)
        #expect(state.set([1], [3], as: PropertyDeclaration()) == .badArgument)
        #expect(state.value([1]) == .string([2]))
        let large = [UInt8](repeating: 0, count: FilterState.maximumBytes / 2)
        #expect(state.set([2], large, as: PropertyDeclaration()) == .ok)
        #expect(state.set([3], large, as: PropertyDeclaration()) == .badArgument)
        #expect(state.set([2], [], as: PropertyDeclaration()) == .ok)
        #expect(state.set([3], large, as: PropertyDeclaration()) == .ok, "what is gone is free again")
        state = FilterState()
        for index in 0..<FilterState.maximumEntries {
            #expect(state.set(Array("\(index)".utf8), [], as: PropertyDeclaration()) == .ok)
        }
        #expect(state.set([255], [], as: PropertyDeclaration()) == .badArgument)
        #expect(state.set(Array("7".utf8), [1], as: PropertyDeclaration()) == .ok)
    }
}
