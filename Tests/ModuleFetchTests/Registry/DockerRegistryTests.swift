import Foundation
import ModuleFetch
import TestSupport
import Testing

/// Against Debian's docker-registry.
@Suite(.timeLimit(.minutes(3)))
struct DockerRegistryTests {
    private func withClient(
        _ registry: DockerRegistry, host: String? = nil, options: FetchOptions = .forTests(),
        credentials: any CredentialSource = AnonymousCredentials(), log: FetchLog = .silent,
        _ body: (RegistryClient, ImageReference) async throws -> Void
    ) async throws {
        try await withTransport(options) { transport in
            let client = RegistryClient(transport: transport, credentials: credentials, log: log)
            let reference = ImageReference(registry: host ?? registry.host, repository: "demo/plugin", tag: "v1")
            try await body(client, reference)
        }
    }

    @Test func whatIsPushedIsPulled() async throws {
        let registry = try await DockerRegistry.start()
        defer { registry.stop() }
        let log = LogRecorder()
        try await self.withClient(registry, log: log.log) { client, reference in
            let image = try SmallImage()
            #expect(try await !client.blobExists(image.layer.digest, in: reference))
            try await image.push(client, reference)
            #expect(try await client.blobExists(image.layer.digest, in: reference))
            // A second time there is nothing to send.
            try await client.upload(image.blob, image.layer, to: reference)

            let expected = RegistryManifest(
                digest: image.digest, mediaType: SmallImage.manifestType, bytes: image.manifest)
            #expect(try await client.manifest(reference) == expected)
            #expect(try await client.manifest(reference.with(digest: image.digest)) == expected)
            #expect(try await client.blob(image.layer.digest, of: reference, limit: 100) == image.blob)
            #expect(try await client.tags(in: reference) == ["v1"])
            // Plain HTTP without any entry: it is this machine's.
            let host = registry.host
            #expect(log.lines.contains("info: fetching image demo/plugin from registry \(host) with tag v1"))
            #expect(log.lines.contains("info: fetching image with plain text from \(host)/demo/plugin:v1"))
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let registry = try await DockerRegistry.start()
        defer { registry.stop() }
        try await self.withClient(registry) { client, reference in
            let manifest = try await failure { _ = try await client.manifest(reference) }
            #expect(manifest.kind == .notFound)
            #expect(manifest.message.contains("MANIFEST_UNKNOWN"))
            let blob = try await failure { _ = try await client.blob(Digest.of([1]), of: reference, limit: 10) }
            #expect(blob.kind == .notFound)
            let tags = try await failure { _ = try await client.tags(in: reference) }
            #expect(tags.kind == .notFound)
            #expect(try await client.referrers(of: Digest.of([1]), in: reference).isEmpty)
        }
    }

    @Test func blobsAreMountedFromOtherRepositories() async throws {
        let registry = try await DockerRegistry.start()
        defer { registry.stop() }
        try await self.withClient(registry) { client, reference in
            let image = try SmallImage()
            try await image.push(client, reference)
            var other = reference
            other.repository = "other/place"
            #expect(try await client.mount(image.layer.digest, from: "demo/plugin", into: other))
            #expect(try await client.blobExists(image.layer.digest, in: other))
            #expect(try await !client.mount(Digest.of([9]), from: "demo/plugin", into: other))
        }
    }

    /// This registry has no referrers API: the tag says it.
    @Test func referrersAreFoundByTag() async throws {
        let registry = try await DockerRegistry.start()
        defer { registry.stop() }
        try await self.withClient(registry) { client, reference in
            let image = try SmallImage()
            try await image.push(client, reference)
            let signature = try SmallImage("a signature", subject: image.descriptor)
            try await signature.push(client, reference.with(digest: signature.digest))
            struct Index: Encodable {
                var schemaVersion = 2
                var mediaType = "application/vnd.oci.image.index.v1+json"
                var manifests: [Descriptor]
            }
            let index = try JSONEncoder().encode(Index(manifests: [signature.descriptor]))
            _ = try await client.putManifest(
                Array(index), mediaType: "application/vnd.oci.image.index.v1+json",
                to: reference.with(tag: "sha256-\(image.digest.hex)"))
            #expect(try await client.referrers(of: image.digest, in: reference) == [signature.descriptor])
        }
    }

    @Test func blobsOfMegabytesGoBothWays() async throws {
        let registry = try await DockerRegistry.start()
        defer { registry.stop() }
        try await self.withClient(registry) { client, reference in
            let blob = (0..<9_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
            let descriptor = Descriptor(mediaType: "application/wasm", digest: .of(blob), size: blob.count)
            try await client.upload(blob, descriptor, to: reference)
            #expect(try await client.blob(descriptor.digest, of: reference, limit: blob.count) == blob)
            let error = try await failure {
                _ = try await client.blob(descriptor.digest, of: reference, limit: blob.count - 1)
            }
            #expect(error.kind == .refused)
        }
    }

    @Test func passwordsAreAskedForAndChecked() async throws {
        let registry = try await DockerRegistry.start(wantsPassword: true)
        defer { registry.stop() }
        let credentials = FixedCredentials(DockerRegistry.username, DockerRegistry.password)
        try await self.withClient(registry, credentials: credentials) { client, reference in
            let image = try SmallImage()
            try await image.push(client, reference)
            #expect(try await client.manifest(reference).digest == image.digest)
            #expect(credentials.asked == 1)
        }
        try await self.withClient(registry) { client, reference in
            let error = try await failure { _ = try await client.manifest(reference) }
            #expect(error.kind == .unauthorized)
            #expect(error.message.contains("without credentials"))
            #expect(error.message.contains("mizzen login \(registry.host)"))
        }
        let wrong = FixedCredentials(DockerRegistry.username, "wrong-password")
        try await self.withClient(registry, credentials: wrong) { client, reference in
            let error = try await failure { _ = try await client.manifest(reference) }
            #expect(error.kind == .unauthorized)
            #expect(error.message.contains("with credentials from the test"))
            #expect(!error.message.contains("wrong-password"))
            #expect(!error.message.contains(Data("mizzen:wrong-password".utf8).base64EncodedString()))
        }
    }

    @Test func speaksTLSWithAnAuthorityOfItsOwn() async throws {
        let authority = try TestAuthority()
        let registry = try await DockerRegistry.start(
            wantsPassword: true, tls: authority.issue(["127.0.0.1", "localhost"]))
        defer { registry.stop() }
        let credentials = FixedCredentials(DockerRegistry.username, DockerRegistry.password)
        let host = "localhost:\(registry.port)"
        try await withFolder { folder in
            try authority.certificate.write(toFile: "\(folder)/ca.pem", atomically: true, encoding: .utf8)
            var options = FetchOptions.forTests()
            options.registries[host] = HostOptions(authorityFile: "\(folder)/ca.pem")
            let log = LogRecorder()
            try await self.withClient(
                registry, host: host, options: options, credentials: credentials, log: log.log
            ) { client, reference in
                let image = try SmallImage()
                try await image.push(client, reference)
                #expect(try await client.manifest(reference).digest == image.digest)
                #expect(!log.lines.contains { $0.contains("plain text") })
            }
            // Not trusted: that is no reason to go without TLS, not even on this machine.
            try await self.withClient(registry, host: host, credentials: credentials) { client, reference in
                let error = try await failure { _ = try await client.manifest(reference) }
                #expect(error.kind == .refused)
                #expect(error.message.contains("is not trusted"))
                #expect(credentials.asked == 1)
            }
        }
    }

    @Test func aPlainRegistryElsewhereNeedsLeave() async throws {
        let registry = try await DockerRegistry.start(wantsPassword: true)
        defer { registry.stop() }
        let credentials = FixedCredentials(DockerRegistry.username, DockerRegistry.password)
        let host = "registry.test:\(registry.port)"
        let resolver = NameResolver.table(["registry.test": ["127.0.0.1"]])
        let reference = ImageReference(registry: host, repository: "demo/plugin", tag: "v1")
        try await withTransport(resolver: resolver) { transport in
            let client = RegistryClient(transport: transport, credentials: credentials, log: .silent)
            let error = try await failure { _ = try await client.manifest(reference) }
            #expect(error.kind == .refused)
            #expect(error.message.contains("plainHTTP: true"))
            #expect(credentials.asked == 0)
        }
        let log = LogRecorder()
        try await withTransport(.forTests(plain: [host]), resolver: resolver) { transport in
            let client = RegistryClient(transport: transport, credentials: credentials, log: log.log)
            try await SmallImage().push(client, reference)
            _ = try await client.manifest(reference)
            #expect(log.lines.contains("info: fetching image with plain text from \(host)/demo/plugin:v1"))
        }
    }
}
