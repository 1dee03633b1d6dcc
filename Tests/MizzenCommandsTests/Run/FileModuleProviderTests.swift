import Crypto
import Foundation
import Gateway
import ProxyWasm
import Testing

@testable import MizzenCommands

/// An engine that refuses everything: no test here gets as far as running code.
private final class NoEngine: WasmEngine {
    let description = "none"
    func compile(_ bytes: [UInt8]) throws(EngineError) -> any WasmModule { throw .invalidModule("refused by the test") }
}

@Suite struct FileModuleProviderTests {
    private func load(_ url: String, sha256: String? = nil) async -> ModuleError? {
        let plugin = PluginConfiguration(
            key: "default/a", namespace: "default", name: "a", phase: "AUTHN", priority: nil, url: url, sha256: sha256,
            failStrategy: .closed, definition: PluginDefinition(name: "default.a"), origin: "test"
        )
        let provider = FileModuleProvider(
            compiled: CompiledModules(engine: NoEngine()), log: GatewayLog(level: .critical))
        do throws(ModuleError) {
            _ = try await provider.module(for: plugin, isRefresh: false) { _ in }
            return nil
        } catch {
            return error
        }
    }

    private static let module = "\0asm\u{1}\0\0\0"

    @Test func `a missing file, a directory, an empty file and other files are refused`() async throws {
        let files = try TemporaryFiles()
        let empty = try files.write("empty.wasm", "")
        let text = try files.write("text.wasm", "hello")
        #expect(await self.load("file://\(files.path)/none.wasm")?.kind == .fetch)
        #expect(await self.load("file://\(files.path)")?.kind == .fetch)
        #expect(await self.load("file://\(empty)")?.message.contains("empty") == true)
        #expect(await self.load("file://\(text)")?.message.contains("not a WebAssembly module") == true)
    }

    @Test func `the digest has to be the wanted one`() async throws {
        let files = try TemporaryFiles()
        let path = try files.write("a.wasm", Self.module)
        let digest = SHA256.hash(data: Data(Self.module.utf8)).map { String(format: "%02x", $0) }.joined()
        let wrong = await self.load("file://\(path)", sha256: String(repeating: "0", count: 64))
        #expect(wrong?.kind == .digestMismatch)
        #expect(wrong?.message.contains(digest) == true)
        #expect(await self.load("file://\(path)", sha256: digest.uppercased())?.kind == .module)
    }

    @Test func `what the engine says comes with the path`() async throws {
        let files = try TemporaryFiles()
        let path = try files.write("a.wasm", Self.module)
        let error = await self.load("file://\(path)")
        #expect(error?.kind == .module)
        #expect(error?.message.contains(path) == true)
        #expect(error?.message.contains("refused by the test") == true)
    }

    @Test(arguments: ["https://user:hunter2@example.com/a.wasm", "oci://example.com/a:1", "file://", "a.wasm"])
    func `other URLs are refused without their secrets`(url: String) async throws {
        let error = await self.load(url)
        #expect(error?.kind == .fetch)
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test func `a file larger than the bound is refused`() throws {
        let files = try TemporaryFiles()
        let path = try files.write("a", "12345")
        #expect(throws: BoundedFile.Problem.self) { try BoundedFile.read(path, maximumBytes: 4) }
        #expect(try BoundedFile.read(path, maximumBytes: 5) == Array("12345".utf8))
    }
}
