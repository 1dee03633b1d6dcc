import Foundation
import ProxyWasm
import Testing

@testable import WasmtimeEngine

struct BacktraceTests {
    static let text = """
        error while executing at wasm backtrace:
            0:     0x84 - innermost
                            at /src/g.c:4:11
            1:     0x56 - inlined
                            at /src/g.c:7:73
                        - run
                            at /src/g.c:9:5
            2:     0x60 - module.wasm!core::option::expect_failed::h0123456789abcdef
            3:     0x68 - <unknown>!mycrate[3c1c0]::foo::{{closure}}
            4:     0x70 - <unknown>!<wasm function 5>
            5:     0x78 - a::call<fn() -> !>
        note: using the `WASMTIME_BACKTRACE_DETAILS=1` environment variable may show more debugging information

        Caused by:
            wasm trap: wasm `unreachable` instruction executed
        """

    @Test("The engine's text is read line by line")
    func readsText() {
        #expect(
            BacktraceText.frames(in: Self.text) == [
                "innermost at /src/g.c:4:11", "inlined at /src/g.c:7:73", "run at /src/g.c:9:5",
                "core::option::expect_failed", "mycrate::foo::{{closure}}", "func[5] at 0x70", "a::call<fn() -> !>",
            ])
        #expect(BacktraceText.frames(in: "wasm trap: something else").isEmpty)
        #expect(BacktraceText.frames(in: "").isEmpty)
    }

    @Test(
        "Hashes go, what only looks like one stays",
        arguments: [
            ("a::b::h0123456789abcdef", "a::b"), ("a::h0123456789abcde", "a::h0123456789abcde"),
            ("a::h0123456789ABCDEF", "a::h0123456789ABCDEF"), ("a::b::hello", "a::b::hello"),
            ("std[1f]::io[2a]::read", "std::io::read"), ("operator[](unsigned)", "operator[](unsigned)"),
            ("f(int (&) [4])", "f(int (&) [4])"), ("[1f]::x", "[1f]::x"), ("a[", "a["), ("", ""),
        ]
    )
    func stripsHashes(name: String, expected: String) {
        #expect(BacktraceText.withoutHashes(name[...]) == expected)
    }

    @Test("Names of C++ and Rust are demangled; a function without one has its index and place in the module")
    func demangles() throws {
        let instance = try instance(
            #"""
            (module
              (func $_ZN3foo3barEi unreachable)
              (func $_ZN4core6option13expect_failed17h0123456789abcdefE (call $_ZN3foo3barEi))
              (func $_RNvNtCs1234_7mycrate3foo3bar (call $_ZN4core6option13expect_failed17h0123456789abcdefE))
              (func $$s4main3fooyyF (call $_RNvNtCs1234_7mycrate3foo3bar))
              (func (export "run") (call $$s4main3fooyyF)))
            """#
        )
        let report = try #require(instance.run("run").outcome.trap)
        #expect(
            report.backtrace.dropLast() == [
                "foo::bar(int)", "core::option::expect_failed", "mycrate::foo::bar", "$s4main3fooyyF",
            ])
        #expect(report.backtrace.last?.hasPrefix("func[4] at 0x") == true, "\(report.backtrace)")
    }

    /// A guest in C, compiled with debug information by the toolchain's own clang.
    private static func compile(_ directory: TemporaryDirectory, _ flags: String) throws -> [UInt8] {
        directory.write("guest.c", Array(Self.source.utf8))
        defer { directory.write("guest.c", []) }
        let script = """
            bin=$(dirname "$(readlink -f "$(command -v swift)")")
            exec "$bin/clang" --target=wasm32-unknown-unknown -Os \(flags) -ffreestanding -nostdlib \
                -fuse-ld="$bin/wasm-ld" -Wl,--no-entry -o guest.wasm guest.c
            """
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = URL(filePath: directory.path)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "clang failed")
        return directory.read("guest.wasm")
    }

    static let source = """
        volatile unsigned sink;
        __attribute__((noinline)) static void innermost(unsigned n) {
            if (n > 3) __builtin_trap();
            sink = n;
        }
        static inline __attribute__((always_inline)) void inlined(unsigned n) {
            innermost(n + 1);
            sink++;
        }
        __attribute__((export_name("run"))) void run(unsigned n) {
            inlined(n);
            sink++;
        }
        """

    @Test("With DWARF every frame has its file and line, inlined functions too, also from the cache of compiled code")
    func readsDWARF() throws {
        let directory = TemporaryDirectory()
        let bytes = try Self.compile(directory, "-g")
        let cache = TemporaryDirectory()
        for attempt in 0..<2 {
            let engine = try WasmtimeEngine(libraryPath: engineLibraryPath(), cacheDirectory: cache.path)
            let instance = try engine.compile(bytes).link([]).instantiate(limits: VMLimits(), host: TestHost())
            let report = try #require(instance.run("run", 7).outcome.trap)
            #expect(report.message == "wasm trap: wasm `unreachable` instruction executed")
            let places = report.backtrace.map { frame in
                frame.replacing(/at .*\/(guest\.c:\d+):\d+$/) { "at \($0.output.1)" }
            }
            #expect(
                places == ["innermost at guest.c:3", "inlined at guest.c:7", "run at guest.c:11"], "attempt \(attempt)")
            #expect(cache.names.count == 1)
        }
    }

    @Test("Without DWARF there are the names alone")
    func readsNames() throws {
        let directory = TemporaryDirectory()
        let engine = try TestEngine.shared()
        let instance = try engine.compile(try Self.compile(directory, "")).link([])
            .instantiate(limits: VMLimits(), host: TestHost())
        #expect(instance.run("run", 7).outcome.trap?.backtrace == ["innermost", "run"])
    }

    @Test("Debug information is left out as a whole when it is too large, and only then")
    func boundsDWARF() throws {
        let directory = TemporaryDirectory()
        let bytes = try Self.compile(directory, "-g")
        #expect(DebugSections.stripped(bytes) == nil)
        let stripped = try #require(DebugSections.stripped(bytes, maximum: 100))
        #expect(stripped.count < bytes.count - 100)
        #expect(DebugSections.stripped(stripped, maximum: 0) == nil, "there is none left")
        let instance = try TestEngine.shared().compile(stripped).link([])
            .instantiate(limits: VMLimits(), host: TestHost())
        #expect(instance.run("run", 7).outcome.trap?.backtrace == ["innermost", "run"])
    }

    @Test("Modules cut anywhere are left as they are")
    func survivesGarbage() throws {
        let directory = TemporaryDirectory()
        let bytes = try Self.compile(directory, "-g")
        for count in 0..<bytes.count { _ = DebugSections.stripped(Array(bytes[..<count]), maximum: 0) }
        #expect(DebugSections.stripped([0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
    }
}
