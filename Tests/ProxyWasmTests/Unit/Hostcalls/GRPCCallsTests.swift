import Testing

@testable import ProxyWasm

@Suite struct GRPCCallsTests {
    private static func script(_ events: @escaping (String) -> Void = { _ in }) -> GuestScript {
        var script = GuestScript()
        script.on("proxy_on_grpc_receive_initial_metadata") { _, arguments in
            events("initial \(arguments[1]) \(arguments[2])")
            return 0
        }
        script.on("proxy_on_grpc_receive") { _, arguments in
            events("receive \(arguments[1]) \(arguments[2])")
            return 0
        }
        script.on("proxy_on_grpc_receive_trailing_metadata") { _, arguments in
            events("trailing \(arguments[1]) \(arguments[2])")
            return 0
        }
        script.on("proxy_on_grpc_close") { _, arguments in
            events("close \(arguments[1]) \(arguments[2])")
            return 0
        }
        return script
    }

    /// A VM whose tick runs `body`, with a gRPC host.
    private static func make(
        _ script: GuestScript = Self.script(),
        _ body: @escaping (ScriptedInstance) throws -> Void
    ) throws -> (test: TestVM, host: TestGRPCHost) {
        var script = script
        script.on("proxy_on_tick") { (guest, _) throws in
            try body(guest)
            return 0
        }
        let host = TestHost()
        let grpc = TestGRPCHost()
        host.grpc = grpc
        return (try TestVM(script, host: host), grpc)
    }

    @discardableResult
    private static func run(_ body: @escaping (ScriptedInstance) throws -> Void) throws -> TestGRPCHost {
        let (test, host) = try self.make(Self.script(), body)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
        return host
    }

    @Test func aHostWithoutGRPCSaysUnimplemented() throws {
        var script = Self.script()
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try guest.grpcCall() == .unimplemented)
            #expect(try guest.grpcStream() == .unimplemented)
            return 0
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
    }

    @Test func whatTheHostIsHanded() throws {
        let host = try Self.run { (guest) throws in
            let metadata = [("X-A", "1"), (":path", "/evil"), ("host", "h"), ("content-length", "9"), ("te", "x")]
            #expect(try guest.grpcCall("pkg.S", "M", metadata: metadata, message: "msg", timeout: 7) == .ok)
            #expect(guest.u32(24) == 5)
            #expect(try guest.grpcStream() == .ok)
            #expect(guest.u32(24) == 6)
            let message = guest.put("x")
            #expect(try guest.status("proxy_grpc_send", 6, message.address, message.count, 0) == .ok)
            #expect(try guest.status("proxy_grpc_close", 6) == .ok)
            #expect(try guest.status("proxy_grpc_close", 5) == .ok)
        }
        #expect(
            host.asked == [
                "call 5 backend /pkg.S/M [x-a=1] 'msg' 7", "stream 6 backend /s/s []", "send 6 'x' false", "close 6",
                "cancel 5",
            ])
    }

    @Test func whatCannotBeARequestIsNotBegun() throws {
        let host = try Self.run { (guest) throws in
            #expect(try guest.grpcCall("", "m") == .internalFailure)
            #expect(try guest.grpcCall("s", "") == .internalFailure)
            #expect(try guest.grpcCall("s p", "m") == .internalFailure)
            #expect(try guest.grpcCall("s", "m\r\n") == .internalFailure)
            #expect(try guest.grpcCall(String(repeating: "s", count: 1025), "m") == .internalFailure)
            #expect(try guest.grpcCall(metadata: [("a b", "1")]) == .internalFailure)
            #expect(try guest.grpcCall(metadata: [("a", "1\n2")]) == .internalFailure)
            #expect(try guest.grpcCall(id: UInt32(guest.size) - 3) == .invalidMemoryAccess)
        }
        #expect(host.asked.isEmpty)
    }

    @Test func aRefusalLeavesNothing() throws {
        let (test, host) = try Self.make { (guest) throws in
            guest.write([9, 9, 9, 9], at: 24)
            #expect(try guest.grpcCall() == .parseFailure)
            #expect(guest.u32(24) == 0x0909_0909)
            #expect(try guest.status("proxy_grpc_cancel", 5) == .notFound)
        }
        host.status = .parseFailure
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
    }

    @Test func atMostAThousandAreInFlight() throws {
        let (test, host) = try Self.make { (guest) throws in
            let start = guest.scratch
            for _ in 0..<1000 {
                guest.scratch = start
                #expect(try guest.grpcStream() == .ok)
            }
            #expect(try guest.grpcStream() == .internalFailure)
            #expect(try guest.grpcCall() == .internalFailure)
            #expect(try guest.status("proxy_grpc_cancel", 6) == .ok)
            #expect(try guest.grpcCall() == .ok)
        }
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
        #expect(host.asked.count == 1002)
    }

    /// Streams that the guest never closes after their peers have do not count against it for ever.
    @Test func streamsThatPeersHaveClosedAreForgottenInTime() throws {
        var sent: [Status] = []
        let (test, _) = try Self.make { (guest) throws in
            let start = guest.scratch
            for _ in 0..<600 {
                guest.scratch = start
                #expect(try guest.grpcStream() == .ok)
            }
            sent.append(try guest.status("proxy_grpc_send", 6, 0, 0, 0))
        }
        var token: UInt32 = 6
        for _ in 0..<3 {
            test.vm.tick(test.plugin)
            for _ in 0..<600 {
                test.vm.grpcClosed(token: token, status: 0, message: [])
                token += 4
            }
        }
        #expect(test.vm.failure == nil)
        // The first one was closed by its peer, then forgotten.
        #expect(sent == [.ok, .ok, .notFound])
    }

    @Test func callsAreOverWithTheirFirstCallback() throws {
        var events: [String] = []
        let (test, _) = try Self.make(Self.script { events.append($0) }) { (guest) throws in
            _ = try guest.grpcCall()
            _ = try guest.grpcCall()
            _ = try guest.grpcStream()
        }
        test.vm.tick(test.plugin)
        let metadata = HeaderMap()
        metadata.append("a", "1")
        test.vm.grpcInitialMetadata(token: 5, metadata)
        test.vm.grpcMessage(token: 5, TestGRPCHost.Bytes("abc"))
        test.vm.grpcClosed(token: 5, status: 0, message: [])
        test.vm.grpcClosed(token: 9, status: 3, message: Array("why".utf8))
        test.vm.grpcMessage(token: 9, TestGRPCHost.Bytes("late"))
        test.vm.grpcInitialMetadata(token: 6, metadata)
        test.vm.grpcMessage(token: 6, TestGRPCHost.Bytes("m"))
        test.vm.grpcTrailingMetadata(token: 6, metadata)
        test.vm.grpcClosed(token: 6, status: 0, message: [])
        test.vm.grpcClosed(token: 6, status: 1, message: [])
        test.vm.grpcMessage(token: 77, TestGRPCHost.Bytes("unknown"))
        #expect(
            events == ["receive 5 3", "close 9 3", "initial 6 1", "receive 6 1", "trailing 6 1", "close 6 0"])
    }

    @Test func onlyThePluginThatBeganItMayTouchACall() throws {
        var script = Self.script()
        script.on("proxy_on_tick") { (guest, arguments) throws in
            if arguments[0] == 1 {
                #expect(try guest.grpcStream() == .ok)
            } else {
                #expect(try guest.status("proxy_grpc_send", 6, 0, 0, 0) == .notFound)
                #expect(try guest.status("proxy_grpc_cancel", 6) == .notFound)
                #expect(try guest.status("proxy_grpc_close", 6) == .notFound)
            }
            return 0
        }
        let host = TestHost()
        host.grpc = TestGRPCHost()
        let test = try TestVM(script, plugins: 2, host: host)
        for plugin in test.plugins { test.vm.tick(plugin) }
        #expect(test.vm.failure == nil)
    }

    @Test func aPluginsEndCancelsItsCallsOnly() throws {
        var script = Self.script()
        script.on("proxy_on_tick") { (guest, _) throws in
            _ = try guest.grpcStream()
            return 0
        }
        script.on("proxy_on_configure") { _, arguments in arguments[0] == 3 ? 0 : 1 }
        script.on("proxy_on_vm_start") { (guest, arguments) throws in
            if arguments[0] == 3 { _ = try guest.grpcCall() }
            return 1
        }
        let host = TestHost()
        let grpc = TestGRPCHost()
        host.grpc = grpc
        let test = try TestVM(script, plugins: 2, host: host)
        test.vm.tick(test.plugins[0])
        #expect(throws: PluginFailure.self) { try test.vm.startPlugin(TestVM.definition("ns.other")) }
        #expect(grpc.asked.last == "cancel 5")
        test.vm.shutDown()
        #expect(grpc.asked.suffix(2) == ["cancel 5", "cancel 6"])
    }
}
