import ProxyWasm
import TestSupport
import Testing

@testable import MizzenCommands

@Suite struct ModuleFileTests {
    private static let header: [UInt8] = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0]

    private static let plugin = """
        (module
          (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
          (import "env" "nothing" (func))
          (import "other" "thing" (func (param i64)))
          (memory (export "memory") 2 10)
          (func (export "proxy_abi_version_0_2_1"))
          (func (export "malloc") (param i32) (result i32) (i32.const 0))
          (func (export "_initialize"))
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0)))
        """

    @Test func `sections are read`() throws {
        let module = try ModuleFile(try WatGuest.compile(Self.plugin))
        #expect(
            module.imports.map(\.fullName) == [
                "env.proxy_log", "wasi_snapshot_preview1.fd_write", "env.nothing", "other.thing",
            ])
        #expect(module.imports.first?.type == FunctionType([.i32, .i32, .i32], [.i32]))
        #expect(module.abiVersion == .v0_2_1)
        #expect(module.memories == [.init(isImported: false, minimumPages: 2, maximumPages: 10)])
        #expect(module.exports("malloc", FunctionType([.i32], [.i32])))
        #expect(module.exports.map(\.name).contains("proxy_on_request_headers"))
        let groups = ImportGroups(module.imports)
        #expect(groups.proxyWasm.map(\.problem) == [nil, "unknown"])
        #expect(groups.wasi.map(\.problem) == [nil])
        #expect(groups.others.map(\.problem) == ["unknown"])
    }

    @Test(
        arguments: [
            ([], "empty"), ([1, 2, 3, 4, 5, 6, 7, 8], "\\0asm"), ([0, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0], "component"),
            ([0, 0x61, 0x73, 0x6D, 9, 0, 0, 0], "version 9"),
            (header + [1], "ends too early"), (header + [1, 5], "runs past the file's end"),
            (header + [1, 2, 0xFF, 0x0F], "longer than its section"),
            (header + [0, 2, 0x20, 0x61], "a name is longer"), (header + [0, 2, 1, 0xFF], "not UTF-8"),
            (header + [2, 5, 1, 0, 0, 9, 0], "unknown kind 9"), (header + [7, 4, 1, 0, 9, 0], "unknown kind 9"),
            (header + [1, 11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], "too long"),
        ] as [([UInt8], String)])
    func `what cannot be read is refused`(bytes: [UInt8], message: String) {
        let error = #expect(throws: ModuleFile.Malformed.self) { try ModuleFile(bytes) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test func `a module cut anywhere never crashes the parser`() throws {
        let bytes = try WatGuest.compile(Self.plugin)
        for count in 0..<bytes.count { _ = try? ModuleFile(Array(bytes.prefix(count))) }
        for index in 8..<bytes.count {
            var damaged = bytes
            damaged[index] = 0xFF
            _ = try? ModuleFile(damaged)
        }
    }

    @Test(
        arguments: [
            ("(import \"env\" \"abort\" (func (param i32 i32 i32 i32)))", "0_2_1", "unknown import env.abort"),
            (
                "(import \"env\" \"proxy_clear_route_cache\" (func (result i32)))", "0_2_1",
                "import env.proxy_clear_route_cache: Envoy offers it to ABI 0.1.0 only, the module is 0.2.1"
            ),
            ("(import \"env\" \"proxy_clear_route_cache\" (func (result i32)))", "0_1_0", ""),
            ("(import \"env\" \"proxy_done\" (func (result i32)))", "0_2_0", ""),
            ("(import \"env\" \"proxy_done\" (func))", "0_2_0", "import env.proxy_done: the module wants"),
            ("(import \"env\" \"proxy_log\" (func))", "0_3_0", "no known ABI version"),
            ("(import \"env\" \"x\" (global i32))", "0_2_1", "imported global env.x"),
        ])
    func `Envoy's narrower rules are known`(imports: String, version: String, problem: String) throws {
        let module = try ModuleFile(
            try WatGuest.compile(
                """
                (module \(imports) (memory 1) (func (export "proxy_abi_version_\(version)"))
                  (func (export "malloc") (param i32) (result i32) (i32.const 0)))
                """))
        let problems = EnvoyLoading.problems(module)
        if problem.isEmpty {
            #expect(problems.isEmpty)
        } else {
            #expect(problems.count == 1 && problems[0].hasPrefix(problem), "\(problems)")
        }
    }

    @Test func `text from modules does not reach the terminal raw`() {
        #expect(TerminalText.safe("a\u{1B}[31mb\u{202E}") == "a?[31mb?")
        #expect(TerminalText.safe(String(repeating: "x", count: 400)).count == 301)
        #expect(TerminalText.size(1536) == "1.5 KiB")
    }
}
