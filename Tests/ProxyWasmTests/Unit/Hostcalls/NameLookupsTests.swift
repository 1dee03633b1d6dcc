import Testing

@testable import ProxyWasm

@Suite struct NameLookupsTests {
    /// A guest that does that in its tick, and remembers its answers as `ROOT TOKEN SIZE: bytes`.
    private final class Plugin {
        private(set) var answers: [String] = []
        let test: TestVM

        init(
            plugins: Int = 1, hasCallback: Bool = true, _ tick: @escaping (ScriptedInstance) throws -> Void
        ) throws {
            var script = GuestScript()
            // Safe: a VM runs its guest on the thread that calls it: this one.
            nonisolated(unsafe) var remember: (String) -> Void = { _ in }
            if hasCallback {
                script.on("envoy_on_resolve_dns") { (guest, arguments) throws in
                    let data = try guest.buffer(.callData)
                    let numbers = arguments.map { "\($0)" }.joined(separator: " ")
                    remember("\(numbers): \(data.bytes)")
                    return 0
                }
            }
            script.on("proxy_on_tick") { (guest, _) throws in
                try tick(guest)
                return 0
            }
            self.test = try TestVM(script, plugins: plugins)
            remember = { [unowned self] in self.answers.append($0) }
        }

        func tick() {
            self.test.vm.tick(self.test.plugin)
            #expect(self.test.vm.failure == nil)
        }
    }

    private static let loopback = ResolvedAddress(text: Array("127.0.0.1:0".utf8), ttlSeconds: 258)

    @Test("J21: a lookup is handed to the host with its token, which counts up") func asks() throws {
        let plugin = try Plugin { (guest) throws in
            #expect(try guest.resolve("example.com") == (.ok, 1))
            #expect(try guest.resolve("b") == (.ok, 2))
        }
        plugin.tick()
        #expect(plugin.test.host.lookups.map(\.token) == [1, 2])
        #expect(plugin.test.host.lookups.map(\.name) == ["example.com", "b"])
        #expect(plugin.test.host.lookups.map(\.plugin) == [1, 1])
        #expect(plugin.answers.isEmpty)
    }

    @Test(
        "J22: the answer is the number of addresses, their times to live, their texts with a NUL each",
        arguments: [
            ([], "1 1 4: [0, 0, 0, 0]"),
            (
                [Self.loopback],
                "1 1 20: [1, 0, 0, 0, 2, 1, 0, 0, 49, 50, 55, 46, 48, 46, 48, 46, 49, 58, 48, 0]"
            ),
            (
                [
                    ResolvedAddress(text: Array("a".utf8), ttlSeconds: 1),
                    ResolvedAddress(text: Array("bc".utf8), ttlSeconds: .max),
                ],
                "1 1 17: [2, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 97, 0, 98, 99, 0]"
            ),
            (nil, "1 1 0: []"),
        ] as [([ResolvedAddress]?, String)]) func answers(_ addresses: [ResolvedAddress]?, _ shown: String) throws
    {
        let plugin = try Plugin { _ = try $0.resolve("example.com") }
        plugin.tick()
        plugin.test.vm.nameResolved(token: 1, addresses: addresses)
        plugin.test.vm.nameResolved(token: 1, addresses: addresses)
        plugin.test.vm.nameResolved(token: 9, addresses: addresses)
        #expect(plugin.answers == [shown], "once, and of known tokens only")
    }

    @Test func atMost256AddressesAreShown() throws {
        let plugin = try Plugin { _ = try $0.resolve("example.com") }
        plugin.tick()
        plugin.test.vm.nameResolved(token: 1, addresses: Array(repeating: Self.loopback, count: 1000))
        #expect(plugin.answers.first?.hasPrefix("1 1 \(4 + 256 * 16): [0, 1, 0, 0, ") == true)
    }

    @Test(
        "a name ends at a NUL, and goes no further than a byte too many",
        arguments: [
            ("", ""), ("\0a", ""), (String(repeating: "a", count: 3000), String(repeating: "a", count: 256)),
            ("a.b\0c", "a.b"), (String(repeating: "a", count: 255), String(repeating: "a", count: 255)),
            (String(repeating: "a", count: 255) + "\0b", String(repeating: "a", count: 255)),
        ]) func name(_ given: String, _ asked: String) throws
    {
        let plugin = try Plugin { _ = try $0.resolve(given) }
        plugin.tick()
        #expect(plugin.test.host.lookups.map(\.name) == [asked])
    }

    @Test("J23: bad pointers are 6, and nothing is asked") func pointers() throws {
        let plugin = try Plugin { (guest) throws in
            #expect(try guest.status("envoy_resolve_dns", .max, 2, 24) == .invalidMemoryAccess)
            #expect(try guest.status("envoy_resolve_dns", 0, .max, 24) == .invalidMemoryAccess)
            #expect(try guest.status("envoy_resolve_dns", 0, 1, UInt32(guest.size) - 3) == .invalidMemoryAccess)
        }
        plugin.tick()
        #expect(plugin.test.host.lookups.isEmpty && plugin.answers.isEmpty)
    }

    @Test("what the host refuses is not answered", arguments: [Status.unimplemented, .internalFailure])
    func refused(status: Status) throws {
        let plugin = try Plugin { (guest) throws in #expect(try guest.resolve("a") == (status, 0)) }
        plugin.test.host.lookupStatus = status
        plugin.tick()
        plugin.test.vm.nameResolved(token: 1, addresses: [Self.loopback])
        #expect(plugin.answers.isEmpty)
        #expect(plugin.test.plugin.nameLookups == 0)
    }

    @Test func anAnswerMakesRoomAndATokenComesOnce() throws {
        var tokens: [UInt32] = []
        let plugin = try Plugin { tokens.append(try $0.resolve("a").token) }
        for _ in 0..<3 {
            plugin.tick()
            #expect(plugin.test.plugin.nameLookups == 1)
            plugin.test.vm.nameResolved(token: tokens.last ?? 0, addresses: nil)
            #expect(plugin.test.plugin.nameLookups == 0)
        }
        #expect(tokens == [1, 2, 3])
    }

    @Test("a module without the callback may ask, too") func noCallback() throws {
        let plugin = try Plugin(hasCallback: false) { (guest) throws in #expect(try guest.resolve("a") == (.ok, 1)) }
        plugin.tick()
        plugin.test.vm.nameResolved(token: 1, addresses: [Self.loopback])
        #expect(plugin.test.plugin.nameLookups == 0)
        #expect(plugin.test.vm.failure == nil)
    }

    @Test("J24: a plugin's end cancels its lookups only") func end() throws {
        let plugin = try Plugin(plugins: 2) { _ = try $0.resolve("a") }
        for each in plugin.test.plugins { plugin.test.vm.tick(each) }
        plugin.test.vm.end(plugin.test.plugins[0])
        #expect(plugin.test.host.cancelledLookups == [1])
        plugin.test.vm.nameResolved(token: 1, addresses: [Self.loopback])
        plugin.test.vm.nameResolved(token: 2, addresses: nil)
        #expect(plugin.answers == ["2 2 0: []"])
    }

    @Test("a stream's lookup is answered in the root context, also when the stream is gone") func stream() throws {
        var script = GuestScript()
        // Safe: as above.
        nonisolated(unsafe) var seen: [[UInt32]] = []
        script.on("proxy_on_request_headers") { (guest, _) throws in
            #expect(try guest.resolve("a") == (.ok, 1))
            return 0
        }
        script.on("envoy_on_resolve_dns") { _, arguments in
            seen.append(arguments)
            return 0
        }
        let test = try TestVM(script)
        let context = test.stream()
        _ = context.onRequestHeaders(endOfStream: true)
        context.finish()
        test.vm.nameResolved(token: 1, addresses: [])
        #expect(seen == [[1, 1, 4]])
        #expect(test.plugin.account.usage().calls(.resolveDNS) == 1)
    }
}
