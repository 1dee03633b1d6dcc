import Foundation
import Gateway
import IstioResources
import MizzenCommands
import Testing

/// DestinationRules, files and Secrets to what clusters speak.
@Suite("Translation: HTTP/2 and TLS to upstreams")
struct UpstreamTLSTranslationTests {
    private static func entry(_ ports: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: up, namespace: edge}
        spec:
          hosts: [up.test]
          ports: [\(ports)]
          resolution: STATIC
          endpoints: [{address: 127.0.0.1}]
        ---

        """
    }

    private static func rule(_ policy: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: dr, namespace: edge}
        spec: {host: up.test, trafficPolicy: \(policy)}
        ---

        """
    }

    private static func translate(_ text: String, file: String = "conf/f.yaml") -> Translator.Result {
        let (resources, problems) = ResourceSet.decode([SourceFile(path: file, text: text)])
        #expect(problems.filter { $0.severity == .error }.isEmpty, "\(problems)")
        return Translator(identity: ProxyIdentity(namespace: "edge")).translate(resources)
    }

    @Test(
        "the port's protocol chooses HTTP/2",
        arguments: [
            ("GRPC", "{}", true), ("GRPC-WEB", "{}", true), ("HTTP2", "{}", true), ("grpc", "{}", true),
            ("HTTP", "{}", false), ("HTTPS", "{}", false), ("TCP", "{}", false),
            ("HTTP", "{connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}", true),
            ("HTTP", "{connectionPool: {http: {h2UpgradePolicy: DO_NOT_UPGRADE}}}", false),
            ("GRPC", "{connectionPool: {http: {h2UpgradePolicy: DO_NOT_UPGRADE}}}", true),
        ])
    func protocols(_ row: (protocol: String, policy: String, isHTTP2: Bool)) {
        let text = Self.entry("{number: 80, name: p, protocol: \(row.protocol)}") + Self.rule(row.policy)
        #expect(Self.translate(text).configuration.clusters.map(\.isHTTP2) == [row.isHTTP2])
    }

    @Test("files are read beside the YAML, and watched")
    func files() throws {
        let directory = FileManager.default.temporaryDirectory.path + "/mizzen-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for name in ["ca.pem", "c.pem", "k.pem"] {
            try name.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
        }
        let policy = "{tls: {mode: MUTUAL, caCertificates: ca.pem, clientCertificate: c.pem, privateKey: k.pem}}"
        let result = Self.translate(
            Self.entry("{number: 80, name: p, protocol: HTTP}") + Self.rule(policy), file: "\(directory)/f.yaml")
        let tls = try #require(result.configuration.clusters.first?.tls)
        #expect(tls.serverName == "up.test" && tls.problem == nil && !tls.skipsVerification)
        #expect(tls.trustRoots == SecretBytes(Array("ca.pem".utf8)))
        #expect(tls.certificateChain == SecretBytes(Array("c.pem".utf8)))
        #expect(tls.privateKey == SecretBytes(Array("k.pem".utf8)))
        #expect(tls.files == ["\(directory)/ca.pem", "\(directory)/c.pem", "\(directory)/k.pem"])
        let loaded = LoadedConfiguration(configuration: result.configuration, resources: 1)
        #expect(loaded.moduleFiles == Set(tls.files))
        #expect(result.warnings.isEmpty)
    }

    @Test("a file that is not there: the cluster stays, its requests get 503, and a warning says why")
    func missingFile() throws {
        let result = Self.translate(
            Self.entry("{number: 80, name: p, protocol: HTTP}")
                + Self.rule("{tls: {mode: SIMPLE, caCertificates: /no/such.pem}}"))
        let tls = try #require(result.configuration.clusters.first?.tls)
        #expect(tls.problem == "caCertificates: cannot be read: /no/such.pem: No such file or directory")
        #expect(
            result.warnings.map(\.description) == [
                "conf/f.yaml:13:44: edge/dr: spec.trafficPolicy.tls.caCertificates: warning: "
                    + "cannot be read: /no/such.pem: No such file or directory; requests to up.test get 503"
            ])
    }

    @Test("a Secret of the gateway's namespace, with the keys of either convention")
    func secrets() throws {
        func secret(_ name: String, _ keys: [String], namespace: String = "edge") -> String {
            let data = keys.map { "\($0): value-\($0)" }.joined(separator: ", ")
            return """
                apiVersion: v1
                kind: Secret
                metadata: {name: \(name), namespace: \(namespace)}
                stringData: {\(data)}
                ---

                """
        }
        let base = Self.entry("{number: 80, name: p, protocol: HTTP}")
        let mutual = Self.rule("{tls: {mode: MUTUAL, credentialName: s}}")
        for keys in [["tls.crt", "tls.key", "ca.crt"], ["cert", "key", "cacert"]] {
            let tls = try #require(
                Self.translate(base + mutual + secret("s", keys)).configuration.clusters.first?.tls)
            #expect(tls.certificateChain == SecretBytes(Array("value-\(keys[0])".utf8)))
            #expect(tls.privateKey == SecretBytes(Array("value-\(keys[1])".utf8)))
            #expect(tls.trustRoots == SecretBytes(Array("value-\(keys[2])".utf8)))
        }
        let simple = Self.rule("{tls: {mode: SIMPLE, credentialName: s}}")
        let apart = Self.translate(base + simple + secret("s-cacert", ["cacert"])).configuration.clusters.first?.tls
        #expect(apart?.trustRoots == SecretBytes(Array("value-cacert".utf8)) && apart?.problem == nil)
        let elsewhere = Self.translate(base + mutual + secret("s", ["tls.crt", "tls.key"], namespace: "other"))
        #expect(elsewhere.configuration.clusters.first?.tls?.problem == "credentialName: there is no Secret edge/s")
        let half = Self.translate(base + mutual + secret("s", ["tls.crt"]))
        #expect(
            half.configuration.clusters.first?.tls?.problem
                == "credentialName: Secret edge/s has no tls.crt and tls.key")
    }

    @Test("the server's name: sni, else the host where it is a name")
    func serverNames() {
        let entry = Self.entry("{number: 80, name: p, protocol: HTTP}")
        func name(_ text: String) -> String?? {
            Self.translate(text).configuration.clusters.first?.tls.map(\.serverName)
        }
        #expect(name(entry + Self.rule("{tls: {mode: SIMPLE}}")) == "up.test")
        #expect(name(entry + Self.rule("{tls: {mode: SIMPLE, sni: other.test}}")) == "other.test")
        let wildcard = (entry + Self.rule("{tls: {mode: SIMPLE}}")).replacingOccurrences(
            of: "up.test", with: "'*.up.test'")
        #expect(name(wildcard) == .some(nil))
        #expect(name(entry + Self.rule("{tls: {mode: DISABLE}}")) == nil)
    }

    @Test("ISTIO_MUTUAL never goes out in clear text")
    func istioMutual() {
        let result = Self.translate(
            Self.entry("{number: 80, name: p, protocol: HTTP}") + Self.rule("{tls: {mode: ISTIO_MUTUAL}}"))
        #expect(result.configuration.clusters.first?.tls?.problem?.contains("ISTIO_MUTUAL") == true)
    }
}
