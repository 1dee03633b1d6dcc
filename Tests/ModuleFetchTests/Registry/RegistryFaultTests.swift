import Foundation
import ModuleFetch
import Synchronization
import TestSupport
import Testing

/// What registries do wrong, and storage behind them.
@Suite(.timeLimit(.minutes(2)))
struct RegistryFaultTests {
    @Test func wrongBytesAreNotTaken() async throws {
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            try exchange.reply(
                headers: ["content-type: \(SmallImage.manifestType)", "docker-content-digest: \(Digest.of([]))"],
                body: "{}")
        }
        let log = LogRecorder()
        try await withScriptedRegistry(log: log.log, script: script) { client, reference, _ in
            let manifest = try await failure {
                _ = try await client.manifest(reference.with(digest: Digest.of([])))
            }
            #expect(manifest.kind == .digestMismatch)
            let blob = try await failure { _ = try await client.blob(Digest.of([]), of: reference, limit: 10) }
            #expect(blob.kind == .digestMismatch)
            // By tag the bytes count, whatever the header says.
            #expect(try await client.manifest(reference).digest == Digest.of(Array("{}".utf8)))
            #expect(log.lines.contains { $0.hasPrefix("debug: ") && $0.contains("its bytes have") })
        }
    }

    @Test func manifestsAndBlobsAreBounded() async throws {
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            try exchange.request()
            try exchange.send("HTTP/1.1 200 OK\r\ncontent-length: 4194305\r\n\r\n")
            exchange.close()
        }
        try await withScriptedRegistry(script: script) { client, reference, _ in
            let manifest = try await failure { _ = try await client.manifest(reference) }
            #expect(manifest.kind == .refused)
            let blob = try await failure { _ = try await client.blob(Digest.of([]), of: reference, limit: 4_194_304) }
            #expect(blob.kind == .refused)
        }
    }

    @Test func storageElsewhereGetsNoCredentials() async throws {
        let blob = Array("the blob".utf8)
        let storage = try UpstreamServer { try $0.reply(bytes: blob) }
        defer { storage.stop() }
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            if exchange.head["authorization"] == nil {
                try exchange.reply(401, headers: ["www-authenticate: Basic realm=\"x\""])
            } else {
                try exchange.reply(307, headers: ["location: http://localhost:\(storage.port)/blob?signature=s"])
            }
        }
        try await withScriptedRegistry(credentials: FixedCredentials("me", "pass"), script: script) {
            client, reference, server in
            let read = try await client.blob(Digest.of(blob), of: reference, limit: 100)
            #expect(read == blob)
            #expect(server.requests.count == 2)
            let request = try storage.request
            #expect(request["authorization"] == nil)
            #expect(request.target == "/blob?signature=s")
        }
    }

    @Test func storageThatRefusesIsNotAnsweredWithCredentials() async throws {
        let storage = try UpstreamServer { try $0.reply(401, headers: ["www-authenticate: Basic realm=\"x\""]) }
        defer { storage.stop() }
        let credentials = FixedCredentials("me", "pass")
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            try exchange.reply(307, headers: ["location: http://localhost:\(storage.port)/blob?signature=secret"])
        }
        try await withScriptedRegistry(credentials: credentials, script: script) { client, reference, _ in
            let error = try await failure { _ = try await client.blob(Digest.of([]), of: reference, limit: 9) }
            #expect(error.kind == .unauthorized)
            #expect(error.message.contains("localhost:\(storage.port) answered 401"))
            #expect(!error.message.contains("secret"))
            #expect(credentials.asked == 0)
        }
    }

    @Test func kindsFollowTheStatus() async throws {
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            let status = Int(exchange.target.suffix(3)) ?? 0
            try exchange.reply(status, headers: ["retry-after: 0"])
        }
        try await withScriptedRegistry(script: script) { client, reference, _ in
            let expected: [(Int, ModuleFetchError.Kind)] = [
                (400, .refused), (401, .unauthorized), (403, .unauthorized), (404, .notFound), (429, .unavailable),
                (500, .unavailable), (501, .refused), (503, .unavailable), (505, .refused), (511, .refused),
            ]
            for (status, kind) in expected {
                let error = try await failure { _ = try await client.manifest(reference.with(tag: "\(status)")) }
                #expect(error.kind == kind, "\(status)")
                #expect(error.message.contains("\(status)"))
            }
        }
    }

    @Test func patienceIsGivenTwice() async throws {
        let count = Mutex(0)
        let manifest = try SmallImage().manifest
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            let number = count.withLock {
                $0 += 1
                return $0
            }
            if number < 3 {
                try exchange.reply(429, headers: ["retry-after: 0"])
            } else {
                try exchange.reply(headers: ["content-type: \(SmallImage.manifestType)"], bytes: manifest)
            }
        }
        try await withScriptedRegistry(script: script) { client, reference, server in
            let read = try await client.manifest(reference)
            #expect(read.bytes == manifest)
            #expect(server.requests.count == 3)
        }
    }

    @Test func referrersComeFromTheAPIPageByPage() async throws {
        let first = Descriptor(mediaType: "m", digest: .of([1]), size: 1, artifactType: "t")
        let second = Descriptor(mediaType: "m", digest: .of([2]), size: 2)
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            let isFirst = !exchange.target.contains("page=2")
            let entry = String(decoding: try JSONEncoder().encode(isFirst ? first : second), as: UTF8.self)
            let foreign = "{\"mediaType\":\"m\",\"digest\":\"sha512:00\",\"size\":1}"
            let link = isFirst ? ["link: <\(exchange.target)?page=2>; rel=\"next\""] : []
            try exchange.reply(
                headers: ["content-type: application/vnd.oci.image.index.v1+json"] + link,
                body: "{\"schemaVersion\":2,\"manifests\":[\(foreign),\(entry)]}")
        }
        try await withScriptedRegistry(script: script) { client, reference, server in
            let found = try await client.referrers(of: Digest.of([]), in: reference)
            #expect(found == [first, second])
            #expect(server.requests[0].target == "/v2/a/b/referrers/\(Digest.of([]))")
            #expect(server.requests.count == 2)
        }
    }

    @Test func endlessPagesEnd() async throws {
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            try exchange.reply(headers: ["link: </v2/a/b/tags/list?n=1000>; rel=\"next\""], body: "{\"tags\":[\"a\"]}")
        }
        try await withScriptedRegistry(script: script) { client, reference, server in
            let error = try await failure { _ = try await client.tags(in: reference) }
            #expect(error.kind == .refused)
            #expect(server.requests.count == 100)
        }
    }

    @Test func uploadsStayWithTheRegistry() async throws {
        let away = try UpstreamServer()
        defer { away.stop() }
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            switch exchange.method {
            case "HEAD": try exchange.reply(404)
            case "POST": try exchange.reply(202, headers: ["location: http://localhost:\(away.port)/up?state=x"])
            default: try exchange.reply(201)
            }
        }
        try await withScriptedRegistry(script: script) { client, reference, _ in
            let image = try SmallImage()
            let error = try await failure { try await client.upload(image.blob, image.layer, to: reference) }
            #expect(error.kind == .refused)
            #expect(away.connections == 0)
        }
    }

    @Test func relativeUploadLocationsKeepTheirQuery() async throws {
        let script: @Sendable (UpstreamExchange) throws -> Void = { exchange in
            switch exchange.method {
            case "HEAD": try exchange.reply(404)
            case "POST": try exchange.reply(202, headers: ["location: /v2/a/b/blobs/uploads/1?state=x%2Fy"])
            default: try exchange.reply(201)
            }
        }
        try await withScriptedRegistry(script: script) { client, reference, server in
            let image = try SmallImage()
            try await client.upload(image.blob, image.layer, to: reference)
            let put = try #require(server.requests.last)
            let digest = "\(image.layer.digest)".replacingOccurrences(of: ":", with: "%3A")
            #expect(put.target == "/v2/a/b/blobs/uploads/1?state=x%2Fy&digest=\(digest)")
            #expect(put.body == image.blob)
        }
    }
}
