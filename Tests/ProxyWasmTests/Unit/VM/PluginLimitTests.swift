import Testing

@testable import ProxyWasm

/// Limit × what the guest does × what it is told × what is counted.
@Suite struct PluginLimitTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var rule: String
        var set: @Sendable (inout VMLimits) -> Void
        var act: @Sendable (ScriptedInstance) throws -> [Status]
        var told: [Status]
        var counted: [PluginLimit: UInt64]
        var testDescription: String { self.rule }

        init(
            _ rule: String,
            _ set: @escaping @Sendable (inout VMLimits) -> Void = { _ in },
            told: [Status],
            counted: [PluginLimit: UInt64],
            _ act: @escaping @Sendable (ScriptedInstance) throws -> [Status]
        ) {
            self.rule = rule
            self.set = set
            self.act = act
            self.told = told
            self.counted = counted
        }
    }

    private static func enqueue(_ guest: ScriptedInstance, _ text: String) throws -> Status {
        let item = guest.put(text)
        return try guest.status("proxy_enqueue_shared_queue", 1, item.address, item.count)
    }

    private static func register(_ guest: ScriptedInstance, _ name: String) throws -> Status {
        guest.scratch = 64
        let name = guest.put(name)
        return try guest.status("proxy_register_shared_queue", name.address, name.count, 32)
    }

    private static func define(_ guest: ScriptedInstance, _ name: String, type: UInt32 = 0) throws -> Status {
        let name = guest.put(name)
        return try guest.status("proxy_define_metric", type, name.address, name.count, 32)
    }

    static let rows: [Row] = [
        Row(
            "http-calls: one more than may wait", { $0.httpCalls = 2 }, told: [.ok, .ok, .internalFailure],
            counted: [.httpCalls: 1]
        ) { guest in try (0..<3).map { _ in try guest.httpCall().status } },
        Row("http-calls 0: none at all", { $0.httpCalls = 0 }, told: [.internalFailure], counted: [.httpCalls: 1]) {
            guest in [try guest.httpCall().status]
        },
        Row(
            "name-lookups: one more than may wait", { $0.nameLookups = 2 }, told: [.ok, .ok, .internalFailure],
            counted: [.nameLookups: 1]
        ) { guest in try ["a", "b", "c"].map { try guest.resolve($0).status } },
        Row(
            "shared-data-bytes: keys and values count; what shrinks may", { $0.sharedDataBytes = 10 },
            told: [.ok, .internalFailure, .internalFailure, .ok, .ok], counted: [.sharedData: 2]
        ) { guest in
            [
                try guest.setSharedData("k", "123456789"), try guest.setSharedData("k", "1234567890"),
                try guest.setSharedData("l", ""), try guest.setSharedData("k", "12345678"),
                try guest.setSharedData("l", ""),
            ]
        },
        Row(
            "shared-data-items: a key more; a key that is there may change", { $0.sharedDataItems = 2 },
            told: [.ok, .ok, .internalFailure, .ok], counted: [.sharedData: 1]
        ) { guest in try ["a", "b", "c", "a"].map { try guest.setSharedData($0, "value") } },
        Row(
            "shared-data 0: nothing may be stored", { $0.sharedDataItems = 0 }, told: [.internalFailure],
            counted: [.sharedData: 1]
        ) { guest in [try guest.setSharedData("a", "")] },
        Row(
            "message-size: a value of shared data", { $0.messageBytes = 4 }, told: [.ok, .internalFailure],
            counted: [.messageSize: 1]
        ) { guest in [try guest.setSharedData("k", "1234"), try guest.setSharedData("k", "12345")] },
        Row(
            "message-size: an item of a queue", { $0.messageBytes = 4 }, told: [.ok, .ok, .internalFailure],
            counted: [.messageSize: 1]
        ) { guest in
            [try Self.register(guest, "q"), try Self.enqueue(guest, "1234"), try Self.enqueue(guest, "12345")]
        },
        Row(
            "message-size: a key over 64 KiB", told: [.internalFailure], counted: [.messageSize: 1]
        ) { guest in
            while guest.size < 128 << 10 { guest.grow() }
            return [try guest.status("proxy_set_shared_data", 0, 65537, 0, 0, 0)]
        },
        Row(
            "message-size: a queue's name over 4 KiB, a metric's over 1 KiB",
            told: [.internalFailure, .internalFailure], counted: [.messageSize: 2]
        ) { guest in
            [
                try guest.status("proxy_register_shared_queue", 0, 4097, 32),
                try guest.status("proxy_define_metric", 0, 0, 1025, 32),
            ]
        },
        Row(
            "shared-queue-bytes: an item counts 64 more than its bytes", { $0.sharedQueueBytes = 68 },
            told: [.ok, .internalFailure, .ok, .internalFailure, .empty, .internalFailure, .ok],
            counted: [.sharedQueue: 3]
        ) { guest in
            var told = [try Self.register(guest, "q"), try Self.enqueue(guest, "12345")]
            told += [try Self.enqueue(guest, "1234"), try Self.enqueue(guest, "")]
            _ = try guest.dequeue(1)
            told += [try guest.dequeue(1).status, try Self.enqueue(guest, "12345"), try Self.enqueue(guest, "")]
            return told
        },
        Row(
            "shared-queue-items: over all queues of the vm_id", { $0.sharedQueueItems = 1 },
            told: [.ok, .ok, .ok, .internalFailure], counted: [.sharedQueue: 1]
        ) { guest in
            var told = [try Self.register(guest, "q"), try Self.register(guest, "r"), try Self.enqueue(guest, "a")]
            told.append(try guest.status("proxy_enqueue_shared_queue", 2, 0, 1))
            return told
        },
        Row(
            "shared queues: a thousand of one vm_id", told: [.internalFailure, .ok], counted: [.sharedQueue: 1]
        ) { guest in
            for index in 0..<SharedQueueStore.maximumQueuesPerVMID {
                guard try Self.register(guest, "q\(index)") == .ok else { return [] }
            }
            return [try Self.register(guest, "one more"), try Self.register(guest, "q7")]
        },
        Row(
            "metrics: one more; one that is there may be defined again", { $0.metrics = 2 },
            told: [.ok, .ok, .internalFailure, .ok, .internalFailure], counted: [.metrics: 2]
        ) { guest in
            try [("a", 0), ("b", 0), ("c", 0), ("a", 0), ("a", 1)].map { try Self.define(guest, $0.0, type: $0.1) }
        },
        Row("properties: the plugin's own", told: [.internalFailure], counted: [.properties: 1]) { guest in
            for index in 0..<PluginContext.maximumProperties {
                guest.scratch = 64
                guard try guest.setProperty("p\(index)", "") == .ok else { return [] }
            }
            return [try guest.setProperty("one more", "")]
        },
        Row(
            "log-lines: what is too much is swallowed, and the guest hears nothing of it", { $0.logLinesPerSecond = 3 },
            told: Array(repeating: .ok, count: 5), counted: [.logRate: 2]
        ) { guest in try (0..<5).map { try guest.log("line \($0)") } },
        Row(
            "log-bytes: a line may be longer than a second's bytes, the next one not", { $0.logBytesPerSecond = 4 },
            told: [.ok, .ok], counted: [.logRate: 1]
        ) { guest in [try guest.log("123456"), try guest.log("1")] },
    ]

    @Test(arguments: rows)
    func limit(_ row: Row) throws {
        var script = GuestScript()
        var told: [Status] = []
        script.on("proxy_on_tick") { guest, _ in
            told = try row.act(guest)
            return 0
        }
        var definition = TestVM.definition()
        row.set(&definition.limits)
        let test = try TestVM(script, definition)
        test.vm.tick(test.plugin)
        #expect(test.vm.failure == nil)
        #expect(told == row.told)
        let usage = test.plugin.account.usage()
        for limit in PluginLimit.allCases {
            #expect(usage.violations(limit) == row.counted[limit, default: 0], "\(limit)")
        }
        // The first of a kind is logged; log lines are told of otherwise.
        for limit in row.counted.keys where limit != .logRate {
            #expect(test.host.texts.count { $0.hasPrefix("limit \(limit.rawValue): ") } == 1, "\(test.host.texts)")
        }
    }

    @Test func aCallThatIsAnsweredMakesRoom() throws {
        var script = GuestScript()
        script.on("proxy_on_http_call_response") { _, _ in 0 }
        var told: [Status] = []
        script.on("proxy_on_tick") { guest, _ in
            told.append(try guest.httpCall().status)
            return 0
        }
        var definition = TestVM.definition()
        definition.limits.httpCalls = 1
        let test = try TestVM(script, definition)
        test.vm.tick(test.plugin)
        test.vm.tick(test.plugin)
        test.vm.httpCallResponse(token: 4, headers: nil, body: nil, trailers: nil)
        test.vm.httpCallResponse(token: 4, headers: nil, body: nil, trailers: nil)
        test.host.callStatus = .badArgument
        test.vm.tick(test.plugin)
        test.host.callStatus = .ok
        test.vm.tick(test.plugin)
        test.vm.tick(test.plugin)
        #expect(told == [.ok, .internalFailure, .badArgument, .ok, .internalFailure])
    }

    @Test func pluginsOfOneVMHaveTheirOwnLimitsAndAccounts() throws {
        var script = GuestScript()
        var told: [UInt32: [Status]] = [:]
        script.on("proxy_on_tick") { guest, arguments in
            told[arguments[0]] = try (0..<2).map { _ in try guest.httpCall().status }
            return 0
        }
        let test = try TestVM(script)
        var other = TestVM.definition("ns.other")
        other.limits.httpCalls = 1
        let account = PluginAccount()
        let plugin = try test.vm.startPlugin(other, account: account)
        test.vm.tick(plugin)
        test.vm.tick(test.plugin)
        #expect(told == [1: [.ok, .ok], 2: [.ok, .internalFailure]])
        #expect(account.usage().violations(.httpCalls) == 1)
        #expect(test.plugin.account.usage().totalViolations == 0)
    }

    @Test func oneVMIDsDataTakesNothingFromAnothers() throws {
        let services = SharedServices()
        func fill(_ vmID: String) throws -> [Status] {
            var script = GuestScript()
            var told: [Status] = []
            script.on("proxy_on_tick") { guest, _ in
                told = try (0..<3).map { try guest.setSharedData("k\($0)", "v") }
                return 0
            }
            var definition = TestVM.definition()
            definition.vmID = vmID
            definition.limits.sharedDataItems = 2
            let test = try TestVM(script, definition, services: services)
            test.vm.tick(test.plugin)
            return told
        }
        #expect(try fill("a") == [.ok, .ok, .internalFailure])
        #expect(try fill("b") == [.ok, .ok, .internalFailure])
        // The last VM of the vm_id is gone, and with it what it held.
        #expect(try fill("a") == [.ok, .ok, .internalFailure])
    }

    @Test func suppressedLinesAreToldOnceASecond() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            for index in 0..<4 { try guest.log("line \(index)") }
            return 0
        }
        var definition = TestVM.definition()
        definition.limits.logLinesPerSecond = 2
        let test = try TestVM(script, definition)
        let second: UInt64 = 1_000_000_000
        test.host.monotonic = second
        test.vm.tick(test.plugin)
        test.host.monotonic += second / 2
        test.vm.tick(test.plugin)
        test.vm.reportSuppressedLines()
        #expect(test.host.texts == ["line 0", "line 1", "line 0"], "half a second gives one more line")
        test.host.monotonic += second / 2
        test.vm.reportSuppressedLines()
        let report = "5 log lines of 30 bytes suppressed: more than 2 lines or 1048576 bytes a second"
        #expect(test.host.lines.last == TestHost.Line(level: .warn, plugin: "ns.plugin", text: report))
        test.host.monotonic += 10 * second
        test.vm.reportSuppressedLines()
        #expect(test.host.texts.count == 4)
        test.vm.tick(test.plugin)
        #expect(test.host.texts.count == 6, "a long silence gives no more than a second's lines")
    }

    @Test(arguments: [(TrapReport.Kind.trap, UInt64(1), UInt64(0)), (.host, 1, 0), (.deadline, 0, 1)])
    func endsOfInstancesAreCounted(kind: TrapReport.Kind, traps: UInt64, kills: UInt64) throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { _, _ in throw GuestTrap(kind: kind, message: "end") }
        let account = PluginAccount()
        for _ in 0..<2 {
            let host = TestHost()
            KeptHosts.shared.keep(host)
            let module = try PluginModule(bytes: TestVM.wasm, engine: ScriptedEngine(script))
            let vm = try PluginVM(
                module: module, definition: TestVM.definition(), host: host, services: SharedServices(),
                account: account)
            vm.tick(try vm.startPlugin(TestVM.definition()))
        }
        let usage = account.usage()
        #expect((usage.traps, usage.deadlineKills) == (2 * traps, 2 * kills), "the account outlives the instance")
        #expect(usage.violations(.callbackDeadline) == 2 * kills)
        #expect(usage.calls(.tick) == 2)
    }

    @Test func aTrapWithMemoryAtItsLimitIsAViolation() throws {
        var script = GuestScript()
        script.on("proxy_on_tick") { guest, _ in
            while guest.size < 1 << 20 { guest.grow() }
            throw GuestTrap()
        }
        for (limit, count) in [(1 << 20, 1), (1 << 21, 0)] as [(UInt64, UInt64)] {
            var definition = TestVM.definition()
            definition.limits.memoryBytes = limit
            let test = try TestVM(script, definition)
            test.vm.tick(test.plugin)
            #expect(test.plugin.account.usage().violations(.memory) == count)
        }
    }

    @Test func metricsAreBoundedForOneAndForAll() {
        let store = MetricStore()
        var limits = VMLimits()
        limits.metrics = 6000
        func define(_ plugin: String, _ range: Range<Int>) -> Int {
            range.count { store.define(.counter, Array("\(plugin)\($0)".utf8), plugin: plugin, limits: limits) != nil }
        }
        #expect(define("a", 0..<7000) == 6000)
        #expect(define("b", 0..<7000) == MetricStore.maximumMetrics - 6000)
        #expect(define("a", 0..<100) == 100, "what is there stays")
    }
}
