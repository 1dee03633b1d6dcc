import Crypto
import Foundation
import IstioResources
import ModuleFetch
import Testing

@testable import MizzenCommands

@Suite struct ProcessConfigurationTests {
    private static let key = P256.Signing.PrivateKey().publicKey.pemRepresentation

    private static func load(
        _ yaml: String, environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> (configuration: ProcessConfiguration, folder: TemporaryFiles) {
        let folder = try TemporaryFiles()
        for (name, text) in files { try folder.write(name, text) }
        let path = try folder.write("mizzen.yaml", yaml)
        return (try ProcessConfigurationFile.load(path: path, environment: environment), folder)
    }

    @Test func `without a file and variables the defaults hold`() throws {
        let configuration = try ProcessConfigurationFile.load(path: nil, environment: [:])
        #expect(configuration == ProcessConfiguration())
        #expect(try Self.load("").configuration == ProcessConfiguration())
        #expect(try Self.load("fetch:\n").configuration == ProcessConfiguration())
    }

    @Test func `every field is read`() throws {
        let yaml = """
            fetch:
              cacheDir: modules
              cacheSize: 2GiB
              moduleExpiry: 12h
              purgeInterval: 30m
              requestTimeout: 1.5s
              maxAttempts: 3
              deadline: 20s
              maxModuleSize: 16MiB
              refreshInterval: 5m
              blockedNetworks: [10.0.0.0/8, "fd00::/8"]
              allowedNetworks: [169.254.1.0/24]
              dockerConfig: /etc/docker/config.json
              registries:
                registry.example:5000:
                  plainHTTP: false
                  insecureSkipVerify: false
                  caFile: ca.pem
                  clientCertificate: c.pem
                  clientKey: k.pem
                  requireSignature:
                  - cosign.pub
                  - |
                    \(Self.key.replacing("\n", with: "\n        "))
                Plain.example: {plainHTTP: true}
            """
        let certificate = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
        let (configuration, folder) = try Self.load(
            yaml,
            files: [
                "ca.pem": certificate, "c.pem": certificate, "cosign.pub": Self.key,
                "k.pem": "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
            ])
        #expect(configuration.cache.directory == "\(folder.path)/modules")
        #expect(configuration.cache.maximumBytes == 2 << 30)
        #expect(configuration.cache.expirySeconds == 43_200)
        #expect(configuration.cache.purgeIntervalSeconds == 1800)
        #expect(configuration.refreshIntervalSeconds == 300)
        let fetch = configuration.fetch
        #expect(fetch.requestTimeoutSeconds == 1.5)
        #expect(fetch.maximumAttempts == 3)
        #expect(fetch.deadlineSeconds == 20)
        #expect(fetch.maximumModuleBytes == 16 << 20)
        #expect(fetch.blockedNetworks == ["10.0.0.0/8", "fd00::/8"])
        #expect(fetch.allowedNetworks == ["169.254.1.0/24"])
        #expect(fetch.dockerConfigPath == "/etc/docker/config.json")
        let host = fetch.host("registry.example:5000")
        #expect(host.certificateAuthorityFile == "\(folder.path)/ca.pem")
        #expect(host.clientCertificateFile == "\(folder.path)/c.pem")
        #expect(host.clientKeyFile == "\(folder.path)/k.pem")
        #expect(host.signatureKeys.count == 2)
        #expect(host.signatureKeys.first == Self.key)
        #expect(!host.isPlainHTTP && !host.skipsTLSVerification)
        #expect(fetch.host("plain.example").isPlainHTTP)
    }

    @Test(
        arguments: [
            ("fetsch: {}", ":1:1: fetsch: unknown field \"fetsch\"; did you mean \"fetch\"?"),
            ("fetch:\n  cacheSise: 1GiB", ":2:3: fetch.cacheSise: unknown field"),
            ("fetch:\n  cacheSize: big", ":2:14: fetch.cacheSize: invalid size \"big\""),
            ("fetch:\n  cacheSize: 1KiB", ":2:14: fetch.cacheSize: must be between 1MiB and"),
            ("fetch:\n  deadline: 30", ":2:13: fetch.deadline: must be a string, not a number; quote it"),
            ("fetch:\n  deadline: never", "fetch.deadline: invalid duration \"never\""),
            ("fetch:\n  deadline: 0s", "fetch.deadline: must be between 100ms and 1h, not 0s"),
            ("fetch:\n  maxAttempts: 0", "fetch.maxAttempts: must be between 1 and 20, not 0"),
            ("fetch:\n  maxAttempts: many", "fetch.maxAttempts: must be an integer, not a string"),
            ("fetch:\n  refreshInterval: 10ms", "fetch.refreshInterval: must be 0s (never) or at least 1s"),
            ("fetch:\n  blockedNetworks: [10.0.0.0/33]", "blockedNetworks[0]: \"10.0.0.0/33\" is no network"),
            ("fetch:\n  allowedNetworks: [10.0.0.0]", "allowedNetworks[0]: \"10.0.0.0\" is no network"),
            ("fetch:\n  registries: {http://a: {}}", "\"http://a\" is no HOST or HOST:PORT"),
            ("fetch:\n  registries: {a: {plainHttp: true}}", "did you mean \"plainHTTP\"?"),
            ("fetch:\n  registries: {a: {plainHTTP: 1}}", "must be true or false, not a number"),
            ("fetch:\n  registries: {A: {}, a: {}}", "a is written twice"),
            ("fetch:\n  registries: {a: {caFile: no.pem}}", "no.pem: No such file"),
            ("fetch:\n  registries: {a: {caFile: mizzen.yaml}}", "holds no PEM with -----BEGIN CERTIFICATE-----"),
            ("fetch:\n  registries: {a: {clientKey: k}}", "needs clientCertificate beside it"),
            ("fetch:\n  registries: {a: {requireSignature: []}}", "needs at least one key"),
            ("fetch:\n  registries: {a: {requireSignature: [no.pub]}}", "no.pub: No such file"),
            (
                "fetch:\n  registries: {a: {requireSignature: [\"-----BEGIN PUBLIC KEY-----\"]}}",
                "registries.a.requireSignature[0]: "
            ),
            ("[]", ":1:1: must be an object, not a list"),
            ("fetch: {", "invalid YAML"),
            ("fetch: {}\n---\nfetch: {}", ":3:1: one document is read, not several"),
        ])
    func `what is wrong is said with its place`(yaml: String, message: String) throws {
        do {
            _ = try Self.load(yaml)
            Issue.record("accepted: \(yaml)")
        } catch let problems as ProcessConfigurationFile.Problems {
            #expect(problems.lines.contains { $0.contains(message) }, "\(problems)")
            #expect(problems.lines.allSatisfy { $0.contains("mizzen.yaml:") }, "\(problems)")
        }
    }

    @Test func `all problems are told at once`() throws {
        let error = #expect(throws: ProcessConfigurationFile.Problems.self) {
            try Self.load(
                "fetch:\n  deadline: x\n  maxAttempts: y", environment: ["WASM_MODULE_EXPIRY": "soon"])
        }
        #expect(error?.lines.count == 3)
    }

    @Test func `Istio's variables are taken`() throws {
        let configuration = try ProcessConfigurationFile.load(
            path: nil,
            environment: [
                "WASM_MODULE_EXPIRY": "2h", "WASM_PURGE_INTERVAL": "90s", "WASM_HTTP_REQUEST_TIMEOUT": "3s",
                "WASM_HTTP_REQUEST_MAX_RETRIES": "7", "ISTIO_WASM_MAX_BINARY_SIZE_BYTES": "1048576",
                "BLOCKED_CIDRS_IN_WASM_FETCH": "192.0.2.0/24, 10.0.0.0/8",
                "WASM_INSECURE_REGISTRIES": "a.example,B.example:5000",
            ])
        #expect(configuration.cache.expirySeconds == 7200)
        #expect(configuration.cache.purgeIntervalSeconds == 90)
        #expect(configuration.fetch.requestTimeoutSeconds == 3)
        #expect(configuration.fetch.maximumAttempts == 7)
        #expect(configuration.fetch.maximumModuleBytes == 1 << 20)
        #expect(configuration.fetch.blockedNetworks == ["192.0.2.0/24", "10.0.0.0/8"])
        #expect(configuration.fetch.host("a.example").skipsTLSVerification)
        #expect(configuration.fetch.host("b.example:5000").skipsTLSVerification)
        #expect(!configuration.fetch.host("b.example").skipsTLSVerification)
    }

    @Test(
        arguments: [
            ("WASM_MODULE_EXPIRY", "1 day"), ("WASM_PURGE_INTERVAL", "0s"), ("WASM_HTTP_REQUEST_TIMEOUT", "15"),
            ("WASM_HTTP_REQUEST_MAX_RETRIES", "-1"), ("ISTIO_WASM_MAX_BINARY_SIZE_BYTES", "256MiB"),
            ("BLOCKED_CIDRS_IN_WASM_FETCH", "10.0.0.0/8;fd00::/8"), ("WASM_INSECURE_REGISTRIES", "*.example"),
        ])
    func `a variable that cannot be used is a problem`(name: String, text: String) {
        let error = #expect(throws: ProcessConfigurationFile.Problems.self) {
            try ProcessConfigurationFile.load(path: nil, environment: [name: text])
        }
        #expect(error?.lines.count == 1)
        #expect(error?.lines.first?.hasPrefix("\(name): ") == true)
    }

    @Test func `the file wins over the environment`() throws {
        let (configuration, _) = try Self.load(
            """
            fetch:
              moduleExpiry: 1h
              registries:
                a.example: {insecureSkipVerify: false}
                b.example: {plainHTTP: false}
            """,
            environment: [
                "WASM_MODULE_EXPIRY": "2h", "WASM_PURGE_INTERVAL": "90s", "WASM_INSECURE_REGISTRIES": "*",
            ])
        #expect(configuration.cache.expirySeconds == 3600)
        #expect(configuration.cache.purgeIntervalSeconds == 90)
        #expect(!configuration.fetch.host("a.example").skipsTLSVerification)
        // What the file does not say about a host stays as the environment has it.
        #expect(configuration.fetch.host("b.example").skipsTLSVerification)
        #expect(configuration.fetch.host("c.example").skipsTLSVerification)
    }

    @Test func `beside resources it is not taken for one`() throws {
        let folder = try TemporaryFiles()
        try folder.write("mizzen.yaml", "fetch: {maxAttempts: 2}")
        #expect(loadResources(paths: [folder.path]).problems.isEmpty)
        #expect(!loadResources(paths: ["\(folder.path)/mizzen.yaml"]).problems.isEmpty, "named itself it is meant")
    }

    @Test func `resources of that name are resources`() throws {
        let folder = try TemporaryFiles()
        try folder.write(
            "mizzen.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: b}, stringData: {}}")
        let (resources, problems) = loadResources(paths: [folder.path])
        #expect(resources.secrets.count == 1 && problems.isEmpty)
        let file = SourceFile(path: "x/mizzen.yaml", text: "{apiVersion: v1, kind: Secret}")
        #expect(!ProcessConfigurationFile.isProcessConfiguration(file))
    }

    @Test func `the file is named by the option or the variable`() throws {
        let folder = try TemporaryFiles()
        let path = try folder.write("other.yaml", "fetch: {maxAttempts: 2}")
        #expect(
            try ProcessConfigurationFile.load(path: nil, environment: ["MIZZEN_CONFIG": path]).fetch.maximumAttempts
                == 2)
        let second = try folder.write("second.yaml", "fetch: {maxAttempts: 4}")
        #expect(
            try ProcessConfigurationFile.load(path: second, environment: ["MIZZEN_CONFIG": path]).fetch
                .maximumAttempts == 4)
        let error = #expect(throws: ProcessConfigurationFile.Problems.self) {
            try ProcessConfigurationFile.load(path: "/no/such.yaml", environment: [:])
        }
        #expect(error?.description.contains("/no/such.yaml") == true)
    }
}
