import ProxyWasm
import Synchronization
import Testing
import WasmtimeEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

struct CompiledModuleCacheTests {
    final class Reports: Sendable {
        let lines = Mutex<[String]>([])
        var all: [String] { self.lines.withLock { $0 } }
    }

    let directory = TemporaryDirectory()
    let reports = Reports()

    func engine(maximumBytes: UInt64 = 1 << 30) throws -> WasmtimeEngine {
        let reports = self.reports
        return try WasmtimeEngine(
            libraryPath: engineLibraryPath(),
            cacheDirectory: self.directory.path,
            cacheMaximumBytes: maximumBytes,
            report: { line in reports.lines.withLock { $0.append(line) } }
        )
    }

    static func wasm(_ value: Int) throws -> [UInt8] {
        _ = try TestEngine.shared()
        return try wat2wasm(#"(module (func (export "f") (result i32) i32.const \#(value)))"#)
    }

    static func result(_ engine: WasmtimeEngine, _ bytes: [UInt8]) throws -> UInt32 {
        let host = TestHost()
        return try engine.compile(bytes).link([]).instantiate(limits: VMLimits(), host: host).run("f", result: true)
            .value
    }

    @Test("A compiled module is kept once per content, readable by its owner only, and used again")
    func keepsModules() throws {
        let bytes = try Self.wasm(1)
        #expect(try Self.result(self.engine(), bytes) == 1)
        let names = self.directory.names
        #expect(names.count == 1)
        let name = try #require(names.first)
        #expect(name.hasSuffix(".cwasm") && name.utf8.count == 70)
        #expect(self.directory.mode(name) == 0o600)
        // A second engine, as after a restart.
        #expect(try Self.result(self.engine(), bytes) == 1)
        #expect(self.directory.names == names)
        #expect(try Self.result(self.engine(), Self.wasm(2)) == 2)
        #expect(self.directory.names.count == 2)
        #expect(self.reports.all.isEmpty)
    }

    @Test("What is loaded is the file's code")
    func loadsFromFile() throws {
        let engine = try self.engine()
        #expect(try Self.result(engine, Self.wasm(1)) == 1)
        let first = try #require(self.directory.names.first)
        let content = self.directory.read(first)
        #expect(try Self.result(engine, Self.wasm(2)) == 2)
        let second = try #require(self.directory.names.first { $0 != first })
        // Another module's file under this name is refused: the key is in the header.
        self.directory.write(second, content)
        #expect(try Self.result(engine, Self.wasm(2)) == 2)
        #expect(self.reports.all.count == 1)
    }

    @Test(
        "A damaged file is reported, compiled again and replaced",
        arguments: ["empty", "short", "header", "code", "longer", "cut"]
    )
    func replacesDamaged(damage: String) throws {
        let bytes = try Self.wasm(3)
        #expect(try Self.result(self.engine(), bytes) == 3)
        let name = try #require(self.directory.names.first)
        let good = self.directory.read(name)
        var bad = good
        switch damage {
        case "empty": bad = []
        case "short": bad = Array(good.prefix(20))
        case "header": bad[0] ^= 1
        case "code": bad[good.count - 1] ^= 1
        case "longer": bad.append(0)
        default: bad.removeLast(100)
        }
        self.directory.write(name, bad)
        #expect(try Self.result(self.engine(), bytes) == 3)
        #expect(self.reports.all.count == 1)
        #expect(self.reports.all.first?.contains("damaged") == true)
        #expect(self.directory.read(name) == good)
        #expect(self.directory.names == [name])
    }

    @Test("A file that others may write is not run")
    func ignoresWritable() throws {
        let bytes = try Self.wasm(4)
        #expect(try Self.result(self.engine(), bytes) == 4)
        let name = try #require(self.directory.names.first)
        chmod("\(self.directory.path)/\(name)", 0o666)
        #expect(try Self.result(self.engine(), bytes) == 4)
        #expect(self.reports.all.first?.contains("ignored") == true)
        #expect(self.directory.mode(name) == 0o600)
    }

    @Test("A directory that others may write is refused")
    func refusesOpenDirectory() throws {
        chmod(self.directory.path, 0o777)
        #expect(throws: EngineError.self) { try self.engine() }
        chmod(self.directory.path, 0o700)
        _ = try self.engine()
    }

    @Test("The directory stays within its bound; the file used longest ago goes first")
    func evicts() throws {
        let unbounded = try self.engine()
        #expect(try Self.result(unbounded, Self.wasm(10)) == 10)
        let oldest = try #require(self.directory.names.first)
        let size = UInt64(self.directory.read(oldest).count)
        #expect(try Self.result(unbounded, Self.wasm(11)) == 11)
        let second = try #require(self.directory.names.first { $0 != oldest })
        // The first is used again, so the second is now the oldest.
        self.setUse(oldest, seconds: 2000)
        self.setUse(second, seconds: 1000)
        let bounded = try self.engine(maximumBytes: size * 2 + 1000)
        #expect(try Self.result(bounded, Self.wasm(12)) == 12)
        #expect(self.directory.names.count == 2)
        #expect(self.directory.names.contains(oldest))
        #expect(!self.directory.names.contains(second))
    }

    @Test("A module larger than the whole cache works and is not kept")
    func skipsLarge() throws {
        #expect(try Self.result(self.engine(maximumBytes: 100), Self.wasm(5)) == 5)
        #expect(self.directory.names.isEmpty)
    }

    @Test("A cache that cannot be written to does not stop a module")
    func survivesLostDirectory() throws {
        let engine = try self.engine()
        rmdir(self.directory.path)
        #expect(try Self.result(engine, Self.wasm(6)) == 6)
        #expect(self.reports.all.first?.contains("cannot be kept") == true)
    }

    private func setUse(_ name: String, seconds: Int) {
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(self.directory.path)/\(name)", &times, 0)
    }
}
