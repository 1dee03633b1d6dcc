import Testing

@testable import ProxyWasm

@Suite struct PropertiesTests {
    @Test func streamsAskTheirHostAndATrailingNULIsDropped() throws {
        let stream = TestStream()
        stream.properties = ["request\0path": "/p", "empty": ""]
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.property("request\0path") == Answer("/p"))
            #expect(try guest.property("request\0path\0") == Answer("/p"))
            #expect(try guest.property("empty") == Answer(""))
            #expect(try guest.property("request.path") == Answer(.notFound))
            #expect(try guest.property("") == Answer(.serializationFailure))
            #expect(try guest.property("plugin_name") == Answer("ns.plugin"))
            #expect(try guest.status("proxy_get_property", .max, 2, 16, 20) == .invalidMemoryAccess)
        }
    }

    @Test func whatAStreamStoresStaysWithTheStream() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            #expect(try guest.setProperty("k\0", "v") == .ok)
            #expect(try guest.property("k") == Answer("v"))
            #expect(try guest.setProperty("", "v") == .badArgument)
        }
        #expect(stream.properties == ["k": "v"])
        #expect(try inRequestHeaders { try $0.property("k") } == Answer(.notFound))
    }

    @Test func rootsHaveAStoreOfTheirOwn() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { (guest, _) throws in
            #expect(try guest.property("node\0id") == Answer("me"))
            #expect(try guest.property("request\0path") == Answer(.notFound))
            #expect(try guest.setProperty("k", "v") == .ok)
            #expect(try guest.property("k") == Answer("v"))
            return 0
        }
        let test = try TestVM(script)
        test.host.properties = ["node\0id": "me"]
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
    }

    @Test func whatRootsStoreIsBounded() throws {
        let plugin = try TestVM(GuestScript())
        #expect(
            plugin.plugin.setProperty([1], Array(repeating: 0, count: PluginContext.maximumPropertyBytes))
                == .internalFailure)
        for index in 0..<PluginContext.maximumProperties {
            #expect(plugin.plugin.setProperty(Array("\(index)".utf8), []) == .ok)
        }
        #expect(plugin.plugin.setProperty([1], []) == .internalFailure)
        #expect(plugin.plugin.setProperty(Array("1".utf8), [1]) == .ok)
    }

    @Test func foreignFunctions() throws {
        let stream = TestStream()
        try inRequestHeaders(stream) { (guest) throws in
            let unknown = guest.put("no_such_function")
            #expect(
                try guest.status("proxy_call_foreign_function", unknown.address, unknown.count, 0, 0, .max, .max)
                    == .notFound)
            let known = guest.put("clear_route_cache")
            #expect(
                try guest.status("proxy_call_foreign_function", known.address, known.count, 0, 0, 32, 36) == .ok)
            #expect(guest.u64(32) == 0)
            guest.write([9, 9, 9, 9], at: 0)
            #expect(
                try guest.status("proxy_call_foreign_function", known.address, known.count, 0, 0, 0, 0) == .ok)
            #expect(guest.read(0, 4) == [9, 9, 9, 9])
            #expect(try guest.status("proxy_call_foreign_function", .max, 2, 0, 0, 0, 0) == .invalidMemoryAccess)
        }
        #expect(stream.routeChanges == 2)
    }
}
