import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ModuleFetch

/// From requests to modules, against Debian's docker-registry behind a relay that can go down.
@Suite("Fetching modules", .timeLimit(.minutes(3)))
struct ModuleFetcherTests {
    private struct Shop {
        let relay: TCPRelay
        let fetcher: ModuleFetcher
        let cache: ModuleCache
        let transport: HTTPTransport
        let log: LogRecorder

        /// `HOST:PORT/filters/probe`
        var image: ImageReference { ImageReference(registry: self.relay.host, repository: "filters/probe") }

        @discardableResult
        func push(_ module: [UInt8], tag: String, layout: ImageLayout = .oci) async throws -> Digest {
            let client = RegistryClient(
                transport: self.transport, credentials: AnonymousCredentials(), log: .silent)
            let image = try ModulePackage.build(wasm: module, layout: layout)
            for blob in image.blobs { try await client.upload(blob.bytes, blob.descriptor, to: self.image) }
            return try await client.putManifest(
                image.bytes, mediaType: image.mediaType, to: self.image.with(tag: tag))
        }

        func request(
            _ tag: String, policy: ModuleRequest.PullPolicy = .unspecified, sha256: Digest? = nil
        ) -> ModuleRequest {
            ModuleRequest(
                source: .image(self.image.with(tag: tag)), sha256: sha256, policy: policy, plugin: "edge/probe")
        }

        /// How often the registry was asked for the tag.
        func asked(_ tag: String) -> Int {
            self.log.lines.count { $0.contains("fetching image filters/probe") && $0.hasSuffix("with tag \(tag)") }
        }
        var downloads: Int { self.log.lines.count { $0.contains("downloading layer") } }
    }

    private static func module(_ number: UInt8) -> [UInt8] {
        [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 0, 3, 1, 0x76, number]
    }

    private func withShop(
        _ change: (inout FetchOptions) -> Void = { _ in }, _ body: (Shop) async throws -> Void
    ) async throws {
        let registry = try await DockerRegistry.start()
        defer { registry.stop() }
        let relay = try TCPRelay(to: registry.port)
        defer { relay.stop() }
        var options = FetchOptions.forTests(plain: [relay.host])
        options.maximumAttempts = 1
        change(&options)
        try await withFolder { folder in
            try await withTransport(options) { transport in
                let cache = try ModuleCache(directory: folder, maximumModuleBytes: options.maximumModuleBytes)
                let log = LogRecorder()
                let fetcher = ModuleFetcher(options: options, cache: cache, transport: transport, log: log.log)
                try await body(
                    Shop(relay: relay, fetcher: fetcher, cache: cache, transport: transport, log: log))
            }
        }
    }

    @Test func policiesDecideWhetherATagIsAskedForAgain() async throws {
        try await self.withShop { shop in
            for tag in ["v1", "latest"] { try await shop.push(Self.module(1), tag: tag) }
            let rows: [(tag: String, policy: ModuleRequest.PullPolicy, asksAgain: Bool)] = [
                ("v1", .unspecified, false), ("v1", .ifNotPresent, false), ("v1", .always, true),
                ("latest", .ifNotPresent, false), ("latest", .unspecified, true), ("latest", .always, true),
            ]
            for tag in ["v1", "latest"] { _ = try await shop.fetcher.fetch(shop.request(tag, policy: .always)) }
            for row in rows {
                let request = shop.request(row.tag, policy: row.policy)
                #expect(shop.fetcher.isAtHand(request) == !row.asksAgain, "\(row)")
                let before = shop.asked(row.tag)
                let fetched = try await shop.fetcher.fetch(request)
                #expect(fetched.bytes == Self.module(1))
                #expect(shop.asked(row.tag) - before == (row.asksAgain ? 1 : 0), "\(row)")
            }
            #expect(shop.downloads == 1, "the layer is the same under both tags")
        }
    }

    @Test func manyThatWantTheSameDownloadItOnce() async throws {
        try await self.withShop { shop in
            try await shop.push(Self.module(1), tag: "v1")
            let request = shop.request("v1", policy: .always)
            let fetcher = shop.fetcher
            let digests = try await withThrowingTaskGroup(of: Digest.self) { group in
                for _ in 0..<20 { group.addTask { try await fetcher.fetch(request).digest } }
                return try await group.reduce(into: Set<Digest>()) { $0.insert($1) }
            }
            #expect(digests == [.of(Self.module(1))])
            #expect(shop.downloads == 1)
        }
    }

    @Test func aTagThatMovedIsFollowedAndKeptWhenTheRegistryIsDown() async throws {
        try await self.withShop { shop in
            try await shop.push(Self.module(1), tag: "edge")
            let request = shop.request("edge", policy: .always)
            #expect(try await shop.fetcher.fetch(request).bytes == Self.module(1))
            let digest = try await shop.push(Self.module(2), tag: "edge")
            let moved = try await shop.fetcher.fetch(request)
            #expect(moved.bytes == Self.module(2) && moved.staleReason == nil)
            #expect(moved.source == "oci://\(shop.image.name):edge@\(digest)")
            shop.relay.set(.refuse)
            let stale = try await shop.fetcher.fetch(request)
            #expect(stale.bytes == Self.module(2) && stale.staleReason != nil)
            // What never was there cannot come out of the cache.
            let unknown = try await failure { _ = try await shop.fetcher.fetch(shop.request("other")) }
            #expect(unknown.kind == .unavailable)
        }
    }

    @Test func aDigestIsTheModulesOrTheManifests() async throws {
        try await self.withShop { shop in
            let manifest = try await shop.push(Self.module(1), tag: "v1")
            for digest in [manifest, .of(Self.module(1))] {
                #expect(try await shop.fetcher.fetch(shop.request("v1", sha256: digest)).bytes == Self.module(1))
                #expect(shop.fetcher.isAtHand(shop.request("v1", sha256: digest)))
            }
            let wrong = Digest.of([9])
            let error = try await failure { _ = try await shop.fetcher.fetch(shop.request("v1", sha256: wrong)) }
            #expect(error.kind == .digestMismatch)
            for part in [wrong, manifest, .of(Self.module(1))] { #expect(error.message.contains(part.hex)) }
            #expect(!shop.fetcher.isAtHand(shop.request("v1", sha256: wrong)))
            let counts = shop.fetcher.metrics.snapshot["edge/probe"]
            #expect(counts?.fetches == [.success: 2, .checksumMismatched: 1])
        }
    }

    @Test func aTransferThatBreaksOffLeavesNothingBehind() async throws {
        try await self.withShop { shop in
            // Too large for what passes, and of random bytes, so that packing makes it no smaller.
            let padding = (0..<200_000).map { _ in UInt8.random(in: 0...255) }
            let size = UInt32(padding.count + 2)
            let leb = (0..<3).map { UInt8((size >> (7 * $0)) & 0x7F) | ($0 < 2 ? 0x80 : 0) }
            let module: [UInt8] = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 0] + leb + [1, 0x76] + padding
            try await shop.push(module, tag: "big", layout: .artifact)
            shop.relay.set(.cut(after: 50_000))
            let error = try await failure { _ = try await shop.fetcher.fetch(shop.request("big")) }
            #expect(error.kind == .unavailable)
            #expect(shop.cache.count == 0)
            shop.relay.set(.pass)
            #expect(try await shop.fetcher.fetch(shop.request("big")).bytes == module)
        }
    }

    @Test func aDownloadThatDripsIsGivenUpAndBegunAnew() async throws {
        let module = Self.module(1) + [0, 0x81, 0x03, 1, 0x76] + [UInt8](repeating: 0, count: 383)
        let image = try ModulePackage.build(wasm: module, layout: .artifact)
        let drips = Mutex(true)
        let server = try UpstreamServer { exchange in
            try exchange.request()
            if exchange.target.contains("/manifests/") {
                return try exchange.reply(headers: ["content-type: \(image.mediaType)"], bytes: image.bytes)
            }
            guard drips.withLock({ $0 }) else { return try exchange.reply(bytes: module) }
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: \(module.count)\r\n\r\n")
            // Always some progress, and done in more than a minute.
            for byte in module {
                try exchange.send([byte])
                usleep(200_000)
            }
        }
        defer { server.stop() }
        let host = "127.0.0.1:\(server.port)"
        var options = FetchOptions.forTests(plain: [host])
        options.deadlineSeconds = 0.5
        options.maximumAttempts = 1
        try await withFolder { folder in
            try await withTransport(options) { transport in
                let cache = try ModuleCache(directory: folder, maximumModuleBytes: options.maximumModuleBytes)
                let fetcher = ModuleFetcher(options: options, cache: cache, transport: transport, log: .silent)
                let reference = ImageReference(registry: host, repository: "a/b", tag: "v1")
                let request = ModuleRequest(source: .image(reference))
                let error = try await failure { _ = try await fetcher.fetch(request) }
                #expect(error.kind == .unavailable)
                drips.withLock { $0 = false }
                let deadline = ContinuousClock.now + .seconds(20)
                var fetched: FetchedModule?
                while fetched == nil, ContinuousClock.now < deadline { fetched = try? await fetcher.fetch(request) }
                #expect(fetched?.bytes == module)
            }
        }
    }

    @Test func aModuleBeyondTheLimitIsRefused() async throws {
        try await self.withShop({ $0.maximumModuleBytes = 640 }) { shop in
            // Packed it is within the limit, unpacked it is not: both are looked at.
            let module = Self.module(1) + [UInt8](repeating: 0, count: 2000)
            try await shop.push(module, tag: "raw", layout: .artifact)
            try await shop.push(module, tag: "packed")
            for tag in ["raw", "packed"] {
                let error = try await failure { _ = try await shop.fetcher.fetch(shop.request(tag)) }
                #expect(error.kind == .refused && error.message.contains("640"), "\(tag): \(error)")
            }
        }
    }

    @Test func aCacheThatTakesNothingKeepsNoModuleFromBeingUsed() async throws {
        try await self.withShop { shop in
            for layout in [ImageLayout.oci, .artifact] {
                try await shop.push(Self.module(1), tag: layout.rawValue, layout: layout)
                for folder in ["modules", "references"] {
                    try? FileManager.default.removeItem(atPath: "\(shop.cache.directory)/\(folder)")
                }
                let fetched = try await shop.fetcher.fetch(shop.request(layout.rawValue))
                #expect(fetched.bytes == Self.module(1) && fetched.lease == nil)
            }
            #expect(shop.log.lines.contains { $0.hasPrefix("warn: the module cannot be kept in the cache") })
        }
    }

    @Test func whatWasNotVerifiedThenIsVerifiedNow() async throws {
        try await self.withShop { shop in
            try await shop.push(Self.module(1), tag: "v1")
            _ = try await shop.fetcher.fetch(shop.request("v1"))
            var request = shop.request("v1")
            request.verificationKey = StrangersKey.publicKey
            #expect(!shop.fetcher.isAtHand(request), "in the cache, but nobody has looked at its signatures")
            let error = try await failure { _ = try await shop.fetcher.fetch(request) }
            #expect(error.kind == .unverified)
            // Not even when the registry is down.
            shop.relay.set(.refuse)
            #expect(try await failure { _ = try await shop.fetcher.fetch(request) }.kind == .unavailable)
        }
    }
}

private enum StrangersKey {
    /// A key that has signed nothing here.
    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9e6/a9DrfWG5t3Y3Q82UPgjhOj8Q
        xhrycV46QzRJw0LbRkBEqHrwZq8sDINJuLW3R6Ro7zan4/X0JtkMydTpqQ==
        -----END PUBLIC KEY-----
        """
}
