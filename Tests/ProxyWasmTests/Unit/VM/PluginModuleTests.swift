import Testing

@testable import ProxyWasm

@Suite struct PluginModuleTests {
    private func load(_ script: GuestScript, _ bytes: [UInt8] = TestVM.wasm) throws(PluginFailure) -> PluginModule {
        try PluginModule(bytes: bytes, engine: ScriptedEngine(script))
    }

    private func failure(_ script: GuestScript, _ bytes: [UInt8] = TestVM.wasm) -> PluginFailure? {
        do throws(PluginFailure) {
            _ = try self.load(script, bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func bytesWithoutTheMagicAreNoModule() throws {
        let failure = try #require(self.failure(GuestScript(), [1, 2, 3]))
        #expect(failure.kind == .module)
        #expect(failure.message.contains("not a WebAssembly module"))
    }

    @Test(arguments: ["", "proxy_abi_version_0_3_0"])
    func aModuleWithoutAKnownMarkerIsRefused(marker: String) throws {
        var script = GuestScript.bare
        script.export("malloc", [.i32], [.i32])
        if !marker.isEmpty { script.export(marker, [], []) }
        let failure = try #require(self.failure(script))
        #expect(failure.kind == .module)
        #expect(failure.message.contains("missing or unknown Proxy-Wasm ABI version"))
    }

    @Test func theFirstMarkerInExportOrderDecides() throws {
        var script = GuestScript.bare
        script.export("malloc", [.i32], [.i32])
        script.export("proxy_abi_version_0_2_1", [], [])
        script.export("proxy_abi_version_0_1_0", [], [])
        #expect(try self.load(script).abiVersion == .v0_2_1)
    }

    @Test(arguments: [
        (["malloc"], "malloc"), (["proxy_on_memory_allocate"], "proxy_on_memory_allocate"),
        (["malloc", "proxy_on_memory_allocate"], "proxy_on_memory_allocate"),
    ])
    func theABIsOwnAllocatorIsPreferred(exports: [String], allocator: String) throws {
        var script = GuestScript(.v0_2_1, allocator: nil)
        for name in exports { script.export(name, [.i32], [.i32]) }
        #expect(try self.load(script).allocator == allocator)
    }

    @Test func aModuleWithoutAllocatorIsRefused() throws {
        let failure = try #require(self.failure(GuestScript(.v0_2_1, allocator: nil)))
        #expect(failure.message.contains("no allocator"))
        var script = GuestScript(.v0_2_1, allocator: nil)
        script.export("malloc", [.i32, .i32], [.i32])
        #expect(self.failure(script)?.message.contains("no allocator") == true)
    }

    @Test func unknownImportsAreNamedAllAtOnce() throws {
        var script = GuestScript()
        script.imports.append(ModuleFunction(module: "env", name: "unknown_fn", type: FunctionType([])))
        script.imports.append(ModuleFunction(module: "other", name: "proxy_log", type: FunctionType([])))
        let message = try #require(self.failure(script)).message
        #expect(message == "unknown import env.unknown_fn; unknown import other.proxy_log")
    }

    @Test func anImportOfTheWrongTypeSaysWantedAndOffered() throws {
        var script = GuestScript.bare
        script = GuestScript()
        script.imports = [ModuleFunction(module: "env", name: "proxy_log", type: FunctionType([.i32], [.i32]))]
        let message = try #require(self.failure(script)).message
        #expect(message.contains("env.proxy_log"))
        #expect(message.contains("wants (i32) -> i32, offered is (i32, i32, i32) -> i32"))
    }

    @Test(arguments: ABIVersion.allCases)
    func everyFunctionIsOfferedToEveryVersion(version: ABIVersion) throws {
        #expect(try self.load(GuestScript(version)).abiVersion == version)
    }

    @Test(arguments: ["proxy_continue_request", "proxy_continue_response", "proxy_clear_route_cache", "proxy_done"])
    func aResultLessDeclarationLinksToo(name: String) throws {
        var script = GuestScript(.v0_1_0)
        script.imports = [ModuleFunction(module: "env", name: name, type: FunctionType([], []))]
        script.on("proxy_on_tick") { guest, _ in try guest.call(name) }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
    }

    @Test func wasiIsOfferedUnderBothNames() throws {
        var script = GuestScript()
        let type = FunctionType([.i32, .i32], [.i32])
        script.imports = WASINames.both.map { ModuleFunction(module: $0, name: "random_get", type: type) }
        #expect(try self.load(script).abiVersion == .v0_2_1)
    }

    enum WASINames { static let both = ["wasi_snapshot_preview1", "wasi_unstable"] }

    @Test func aCallbackOfTheWrongTypeIsAClearError() throws {
        var script = GuestScript()
        script.export("proxy_on_request_headers", [.i32, .i32], [.i32])
        let message = try #require(self.failure(script)).message
        #expect(message.contains("proxy_on_request_headers"))
        #expect(message.contains("(i32, i32) -> i32"))
        #expect(message.contains("(i32, i32, i32) -> i32"))
    }

    @Test func unknownExportsAndOtherTypesOfForeignNamesAreIgnored() throws {
        var script = GuestScript()
        script.export("proxy_on_something_new", [.i64], [])
        script.export("_start", [.i32], [])
        let module = try self.load(script)
        #expect(module.startFunctions.isEmpty)
    }

    @Test(arguments: [
        (["_initialize", "main", "_start"], ["_initialize", "main"]),
        (["_initialize", "__main_void"], ["_initialize", "__main_void"]),
        (["_initialize", "main", "__main_void"], ["_initialize", "main"]),
        (["_start", "main"], ["_start"]), (["main"], []), ([], []),
    ])
    func startFunctionsRunInOrder(exports: [String], called: [String]) throws {
        var script = GuestScript()
        for name in exports {
            switch name {
            case "main":
                script.export(name, [.i32, .i32], [.i32]) { _, arguments in
                    #expect(arguments == [0, 0])
                    return 1
                }
            case "__main_void": script.export(name, [], [.i32])
            default: script.export(name, [], [])
            }
        }
        #expect(try TestVM(script, plugins: 0).guest.calls == called)
    }
}
