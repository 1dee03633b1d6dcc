import IstioResources
import Testing

/// Settings of a DestinationRule: what is read, and what is said about mistakes, word by word.
@Suite("DestinationRule: traffic policy")
struct DestinationRuleValidationTests {
    private static func rule(_ policy: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: dr, namespace: edge}
        spec:
          host: up.test
          trafficPolicy: \(policy)

        """
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var policy: String
        /// Without `f.yaml:LINE:COL: edge/dr: spec.trafficPolicy.`
        var problems: [String]
        var testDescription: String { self.policy }
    }

    static let rows: [Row] = [
        Row(policy: "{tls: {mode: SIMPLE}}", problems: []),
        Row(policy: "{tls: {mode: DISABLE}}", problems: []),
        Row(
            policy: "{tls: {mode: SIMPLE, caCertificates: ca.pem, sni: a.test, subjectAltNames: [a.test]}}",
            problems: []),
        Row(policy: "{tls: {mode: SIMPLE, credentialName: secret}}", problems: []),
        Row(policy: "{tls: {mode: SIMPLE, insecureSkipVerify: true}}", problems: []),
        Row(policy: "{tls: {mode: MUTUAL, clientCertificate: c.pem, privateKey: k.pem}}", problems: []),
        Row(policy: "{connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}", problems: []),
        Row(policy: "{portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]}", problems: []),
        Row(
            policy: "{tls: {mode: TLS}}",
            problems: ["tls.mode: unknown value \"TLS\"; one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL"]),
        Row(
            policy: "{tls: {mode: MUTUAL}}",
            problems: [
                "tls: mode MUTUAL needs clientCertificate or credentialName",
                "tls: mode MUTUAL needs privateKey or credentialName",
            ]),
        Row(
            policy: "{tls: {mode: SIMPLE, credentialName: s, caCertificates: c.pem}}",
            problems: ["tls: give either credentialName or files, not both"]),
        Row(
            policy: "{tls: {mode: ISTIO_MUTUAL}}",
            problems: [
                "tls: warning: mode ISTIO_MUTUAL needs a mesh's certificates, which this gateway has not; requests get 503"
            ]),
        Row(
            policy: "{tls: {sni: a.test}}",
            problems: ["tls: warning: has no effect with mode DISABLE, which is what an absent mode means"]),
        Row(policy: "{tls: {mode: SIMPLE, sni: '*.test'}}", problems: ["tls.sni: must be a host name"]),
        Row(policy: "{tls: {mode: SIMPLE, sni: 127.0.0.1}}", problems: ["tls.sni: must be a host name"]),
        Row(
            policy: "{tls: {mode: SIMPLE, insecureSkipVerify: 'yes'}}",
            problems: ["tls.insecureSkipVerify: must be true or false, not a string"]),
        Row(
            policy: "{tls: {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [a]}}",
            problems: ["tls.subjectAltNames: warning: has no effect with insecureSkipVerify"]),
        Row(policy: "{tls: {mode: SIMPLE, caCrl: x}}", problems: ["tls.caCrl: warning: not supported yet, ignored"]),
        Row(
            policy: "{tls: {mode: SIMPLE, cacertificates: x}}",
            problems: ["tls.cacertificates: unknown field \"cacertificates\"; did you mean \"caCertificates\"?"]),
        Row(policy: "{tls: [SIMPLE]}", problems: ["tls: must be an object, not a list"]),
        Row(
            policy: "{connectionPool: {http: {h2UpgradePolicy: SOMETIMES}}}",
            problems: [
                "connectionPool.http.h2UpgradePolicy: unknown value \"SOMETIMES\"; one of DEFAULT, DO_NOT_UPGRADE, UPGRADE"
            ]),
        Row(
            policy: "{connectionPool: {http: {maxRetries: 3}}}",
            problems: ["connectionPool.http.maxRetries: warning: not supported yet, ignored"]),
        Row(
            policy: "{portLevelSettings: [{tls: {mode: SIMPLE}}]}",
            problems: ["portLevelSettings[0].port: is required"]),
        Row(
            policy: "{portLevelSettings: [{port: {number: 1}}, {port: {number: 1}}]}",
            problems: ["portLevelSettings[1].port.number: port 1 is listed twice"]),
        Row(
            policy: "{portLevelSettings: [{port: {number: 1}, portLevelSettings: []}]}",
            problems: ["portLevelSettings[0].portLevelSettings: unknown field \"portLevelSettings\""]),
    ]

    @Test("a problem for each mistake, at its place", arguments: rows)
    func diagnostics(_ row: Row) {
        let (resources, problems) = decode(Self.rule(row.policy))
        let texts = problems.map { problem in
            let path = problem.fieldPath.hasPrefix("spec.trafficPolicy.") ? problem.fieldPath.dropFirst(19) : "?"
            #expect(problem.line == 6 && problem.column > 1)
            return "\(path): \(problem.severity == .warning ? "warning: " : "")\(problem.message)"
        }
        #expect(texts == row.problems)
        let isRejected = problems.contains { $0.severity == .error }
        #expect(resources.destinationRules.isEmpty == isRejected)
    }

    @Test("settings of a port replace the destination's as a whole, a subset's are laid over")
    func precedence() throws {
        let text = """
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: dr, namespace: edge}
            spec:
              host: up.test
              trafficPolicy:
                connectionPool: {tcp: {connectTimeout: 1s}, http: {h2UpgradePolicy: UPGRADE}}
                tls: {mode: SIMPLE, sni: all.test}
                portLevelSettings:
                - {port: {number: 443}, tls: {mode: SIMPLE, sni: port.test}}
              subsets:
              - {name: plain, labels: {v: '1'}, trafficPolicy: {tls: {mode: DISABLE}}}
              - name: own
                labels: {v: '2'}
                trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE, sni: own.test}}]}

            """
        let rule = try #require(decode(text).resources.destinationRules.first)
        let plain = try #require(rule.subsets.first)
        let own = try #require(rule.subsets.last)
        #expect(rule.policy(port: 80, subset: nil).tls?.sni == "all.test")
        #expect(rule.policy(port: 80, subset: nil).connectTimeoutMilliseconds == 1000)
        #expect(rule.policy(port: 80, subset: nil).upgradesToHTTP2 == true)
        #expect(rule.policy(port: 443, subset: nil).tls?.sni == "port.test")
        #expect(rule.policy(port: 443, subset: nil).connectTimeoutMilliseconds == nil)
        #expect(rule.policy(port: 443, subset: plain).tls?.mode == .disable)
        #expect(rule.policy(port: 80, subset: plain).connectTimeoutMilliseconds == 1000)
        #expect(rule.policy(port: 80, subset: own).tls?.sni == "own.test")
        #expect(rule.policy(port: 80, subset: own).connectTimeoutMilliseconds == nil)
        #expect(rule.policy(port: 443, subset: own).tls?.sni == "port.test")
    }
}
