import Testing

@testable import ProxyWasm

@Suite struct SharedServicesTests {
    private func run(
        vmID: String = "vm",
        _ services: SharedServices = SharedServices(),
        _ body: @escaping (ScriptedInstance) throws -> Void
    ) throws -> TestVM {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            try body(guest)
            return 0
        }
        var definition = TestVM.definition()
        definition.vmID = vmID
        let test = try TestVM(script, definition, services: services)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
        return test
    }

    // MARK: Shared data

    @Test func dataIsComparedAndSwapped() throws {
        _ = try self.run { (guest) throws in
            #expect(try guest.sharedData("k").answer == Answer(.notFound))
            #expect(try guest.setSharedData("k", "1") == .ok)
            #expect(try guest.setSharedData("k", "2") == .ok)
            #expect(try guest.sharedData("k") == (Answer("2"), 2))
            #expect(try guest.setSharedData("k", "3", cas: 100) == .casMismatch)
            #expect(try guest.sharedData("k") == (Answer("2"), 2))
            #expect(try guest.setSharedData("k", "3", cas: 2) == .ok)
            #expect(try guest.sharedData("k") == (Answer("3"), 3))
            #expect(try guest.setSharedData("other", "x", cas: 5) == .ok)
            #expect(try guest.setSharedData("k", "") == .ok)
            let empty = try guest.sharedData("k")
            #expect(empty == (Answer(""), 5))
            #expect(guest.u32(16) == 0)
            #expect(try guest.status("proxy_set_shared_data", 16, 1, 0, 0, 0) == .ok)
        }
    }

    @Test func badPointersAreInvalid() throws {
        _ = try self.run { (guest) throws in
            _ = try guest.setSharedData("k", "v")
            let key = guest.put("k")
            #expect(
                try guest.status("proxy_get_shared_data", key.address, key.count, 16, 20, UInt32(guest.size) - 1)
                    == .invalidMemoryAccess)
            #expect(try guest.status("proxy_get_shared_data", .max, 2, 16, 20, 24) == .invalidMemoryAccess)
            #expect(try guest.status("proxy_set_shared_data", key.address, 1, .max, 2, 0) == .invalidMemoryAccess)
        }
    }

    @Test func dataIsPerVMIDAndLivesWithItsVMs() throws {
        let services = SharedServices()
        let other = try self.run(vmID: "b", services) { guest in _ = try guest.setSharedData("k", "b") }
        do {
            let first = try self.run(vmID: "a", services) { (guest) throws in
                #expect(try guest.sharedData("k").answer == Answer(.notFound))
                _ = try guest.setSharedData("k", "a")
            }
            let second = try self.run(vmID: "a", services) { (guest) throws in
                #expect(try guest.sharedData("k").answer == Answer("a"))
            }
            _ = (first.vm.failure, second.vm.failure)
        }
        _ = try self.run(vmID: "a", services) { (guest) throws in
            #expect(try guest.sharedData("k").answer == Answer(.notFound))
        }
        _ = try self.run(vmID: "b", services) { (guest) throws in
            #expect(try guest.sharedData("k").answer == Answer("b"))
        }
        #expect(other.vm.failure == nil)
    }

    @Test func dataIsBoundedOverTheProcess() {
        let store = SharedDataStore()
        var limits = VMLimits()
        limits.sharedDataBytes = .max
        limits.sharedDataItems = .max
        func set(_ vmID: String, _ key: [UInt8], _ value: [UInt8]) -> Status {
            store.set(vmID: vmID, key: key, value: value, cas: 0, limits: limits)
        }
        let half = [UInt8](repeating: 1, count: SharedDataStore.maximumBytes / 2)
        #expect(set("a", [1], half) == .ok)
        #expect(set("b", [1], half) == .internalFailure)
        #expect(set("a", [1], []) == .ok)
        #expect(set("b", [1], half) == .ok)
        let isGone = store.release(vmID: "b")
        #expect(isGone)
        for key in 1..<SharedDataStore.maximumKeys { _ = set("a", Array("\(key)".utf8), []) }
        #expect(set("a", Array("last".utf8), []) == .internalFailure)
        #expect(set("a", Array("1".utf8), [1]) == .ok)
    }

    @Test func compareAndSwapLosesNothingBetweenThreads() async {
        let store = SharedDataStore()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<100 {
                        while true {
                            let old = store.get(vmID: "", key: [0])
                            // A missing key is created whatever the CAS: set the first value before.
                            let status = store.set(
                                vmID: "", key: [0], value: (old?.value ?? []) + [1], cas: old?.cas ?? 1)
                            if status == .ok, old != nil { break }
                        }
                    }
                }
            }
        }
        #expect((store.get(vmID: "", key: [0])?.value.count ?? 0) >= 400)
    }

    // MARK: Queues

    @Test func queuesAreFIFOAndKnownByName() throws {
        _ = try self.run { (guest) throws in
            let name = guest.put("q")
            for _ in 0..<3 {
                #expect(try guest.status("proxy_register_shared_queue", name.address, name.count, 32) == .ok)
                #expect(guest.u32(32) == 1)
            }
            #expect(try guest.status("proxy_resolve_shared_queue", 0, 0, name.address, name.count, 36) == .ok)
            #expect(guest.u32(36) == 1)
            let vmID = guest.put("vm")
            #expect(
                try guest.status("proxy_resolve_shared_queue", vmID.address, 2, name.address, name.count, 36) == .ok)
            let other = guest.put("xx")
            #expect(
                try guest.status("proxy_resolve_shared_queue", other.address, 2, name.address, name.count, 36)
                    == .notFound)
            #expect(try guest.dequeue(1) == Answer(.empty))
            #expect(try guest.dequeue(0) == Answer(.notFound))
            #expect(try guest.status("proxy_enqueue_shared_queue", 0, 0, 0) == .notFound)
            for text in ["a", "", "c"] {
                let item = guest.put(text)
                #expect(try guest.status("proxy_enqueue_shared_queue", 1, item.address, item.count) == .ok)
            }
            #expect(try guest.dequeue(1) == Answer("a"))
            #expect(try guest.dequeue(1) == Answer(""))
            #expect(try guest.dequeue(1) == Answer("c"))
            #expect(try guest.dequeue(1) == Answer(.empty))
        }
    }

    @Test func theRegistrantIsToldOncePerItemAfterTheCallback() throws {
        var script = GuestScript()
        var seen: [String] = []
        script.on("proxy_on_tick") { guest, _ in
            let name = guest.put("q")
            try guest.call("proxy_register_shared_queue", name.address, name.count, 32)
            try guest.call("proxy_enqueue_shared_queue", 1, name.address, 1)
            try guest.call("proxy_enqueue_shared_queue", 1, name.address, 1)
            seen.append("tick ends")
            return 0
        }
        script.on("proxy_on_queue_ready") { guest, arguments in
            let item = try guest.dequeue(arguments[1])
            seen.append("ready \(arguments) \(item.text)")
            return 0
        }
        let test = try TestVM(script)
        test.vm.tick(test.plugin)
        #expect(seen == ["tick ends", "ready [1, 1] q", "ready [1, 1] q"])
    }

    @Test func queuesHandEveryItemOutOnceBetweenThreads() async {
        let store = SharedQueueStore()
        let mailbox = QueueMailbox(waker: nil)
        guard let id = store.register(vmID: "", name: [], mailbox: mailbox, contextID: 1) else { return }
        let total = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    for item in 0..<1000 { _ = store.enqueue(id, Array("\(item)".utf8)) }
                    return 0
                }
                group.addTask {
                    var count = 0
                    for _ in 0..<1000 where store.dequeue(id).item != nil { count += 1 }
                    return count
                }
            }
            return await group.reduce(0, +)
        }
        var rest = 0
        while store.dequeue(id).item != nil { rest += 1 }
        #expect(total + rest == 2000)
        var events = 0
        while mailbox.take() != nil { events += 1 }
        #expect(events == 2000)
    }

    // MARK: Metrics

    @Test func metricsCountGaugeAndRecord() throws {
        let services = SharedServices()
        _ = try self.run("vm", services) { (guest) throws in
            let name = guest.put("m")
            func define(_ type: UInt32) throws -> UInt32 {
                #expect(try guest.status("proxy_define_metric", type, name.address, name.count, 32) == .ok)
                return guest.u32(32)
            }
            func change(_ call: String, _ id: UInt32, _ value: Int64) throws -> Status? {
                Status(
                    rawValue: try guest.call(
                        "env", call, [RawValue(i32: id), RawValue(i64: UInt64(bitPattern: value))]))
            }
            func get(_ id: UInt32) throws -> UInt64 {
                #expect(try guest.status("proxy_get_metric", id, 41) == .ok)
                return guest.u64(41)
            }
            #expect(try guest.status("proxy_define_metric", 3, name.address, name.count, 32) == .badArgument)
            let counter = try define(0)
            let gauge = try define(1)
            let histogram = try define(2)
            #expect([counter, gauge, histogram] == [4, 5, 6])
            #expect(try define(0) == 4)
            #expect(try change("proxy_increment_metric", counter, 5) == .ok)
            #expect(try get(counter) == 5)
            #expect(try change("proxy_increment_metric", counter, -1) == .badArgument)
            #expect(try change("proxy_increment_metric", counter, 0) == .ok)
            #expect(try change("proxy_record_metric", counter, 7) == .ok)
            #expect(try get(counter) == 12)
            #expect(try change("proxy_record_metric", gauge, 10) == .ok)
            #expect(try change("proxy_increment_metric", gauge, -3) == .ok)
            #expect(try get(gauge) == 7)
            #expect(try change("proxy_record_metric", gauge, Int64.min) == .ok)
            #expect(try get(gauge) == 1 << 63)
            #expect(try change("proxy_record_metric", histogram, 42) == .ok)
            #expect(try change("proxy_increment_metric", histogram, 1) == .badArgument)
            #expect(try guest.status("proxy_get_metric", histogram, 40) == .badArgument)
            #expect(try guest.status("proxy_get_metric", 400, 40) == .notFound)
            #expect(try guest.status("proxy_get_metric", 7, 40) == .badArgument)
        }
        let samples = services.metricSamples()
        #expect(samples.map(\.type) == [.counter, .gauge, .histogram])
        #expect(samples.last?.count == 1)
        #expect(samples.last?.sum == 42)
        #expect(samples.last?.buckets.reduce(0, +) == 1)
    }

    private func run(_ vmID: String, _ services: SharedServices, _ body: @escaping (ScriptedInstance) throws -> Void)
        throws
        -> TestVM
    {
        try self.run(vmID: vmID, services, body)
    }
}
