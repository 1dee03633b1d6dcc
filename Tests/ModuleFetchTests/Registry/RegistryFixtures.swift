import Foundation
import ModuleFetch
import TestSupport

/// An image of one blob, as it is pushed and pulled in tests.
struct SmallImage {
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"

    let blob: [UInt8]
    let layer: Descriptor
    let manifest: [UInt8]

    init(_ text: String = "a module", subject: Descriptor? = nil, artifactType: String? = nil) throws {
        struct Manifest: Encodable {
            var schemaVersion = 2
            var mediaType = SmallImage.manifestType
            var artifactType: String?
            var config: Descriptor
            var layers: [Descriptor]
            var subject: Descriptor?
        }
        self.blob = Array(text.utf8)
        self.layer = Descriptor(
            mediaType: "application/wasm", digest: Digest.of(self.blob), size: self.blob.count)
        let manifest = Manifest(artifactType: artifactType, config: self.layer, layers: [self.layer], subject: subject)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        self.manifest = Array(try encoder.encode(manifest))
    }

    var digest: Digest { Digest.of(self.manifest) }
    var descriptor: Descriptor {
        Descriptor(mediaType: Self.manifestType, digest: self.digest, size: self.manifest.count)
    }

    func push(_ client: RegistryClient, _ reference: ImageReference) async throws {
        try await client.upload(self.blob, self.layer, to: reference)
        _ = try await client.putManifest(self.manifest, mediaType: Self.manifestType, to: reference)
    }
}

/// A registry on scripted sockets: `script` has `METHOD TARGET` and the exchange.
func withScriptedRegistry<Result>(
    credentials: any CredentialSource = AnonymousCredentials(), timeoutSeconds: Double = 15,
    log: FetchLog = .silent,
    script: @escaping @Sendable (UpstreamExchange) throws -> Void,
    _ body: (RegistryClient, ImageReference, UpstreamServer) async throws -> Result
) async throws -> Result {
    let server = try UpstreamServer(script: script)
    defer { server.stop() }
    let host = "127.0.0.1:\(server.port)"
    var options = FetchOptions.forTests(plain: [host])
    options.requestTimeoutSeconds = timeoutSeconds
    return try await withTransport(options) { transport in
        let client = RegistryClient(transport: transport, credentials: credentials, log: log)
        return try await body(client, ImageReference(registry: host, repository: "a/b", tag: "v1"), server)
    }
}
