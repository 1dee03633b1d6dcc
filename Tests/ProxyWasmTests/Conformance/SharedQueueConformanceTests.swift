import Foundation
import ProxyWasm
import Synchronization
import TestSupport
import Testing

/// L12–L16, L19–L21, and L6 with threads: queues and data between VMs. L1–L11, L17 and L18 stand with the gateway's
/// tests.
struct SharedQueueConformanceTests {
    private static func register(_ name: String = "q") -> String {
        "(call $num (call $register_shared_queue {\(name)} (i32.const 276))) "
    }
    private static let id = "(call $num (i32.load (i32.const 276))) "
    private static func enqueue(_ item: String, queue: String = "(i32.load (i32.const 276))") -> String {
        "(call $num (call $enqueue_shared_queue \(queue) {\(item)})) "
    }
    private static func dequeue(_ queue: String = "(i32.load (i32.const 276))") -> String {
        "(call $result (call $dequeue_shared_queue \(queue) (i32.const 256) (i32.const 260))) "
    }
    private static func resolve(_ vm: String, _ name: String) -> String {
        "(i32.store (i32.const 276) (i32.const 77)) "
            + "(call $num (call $resolve_shared_queue {\(vm)} {\(name)} (i32.const 276))) \(self.id)"
    }

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "L12 registering again gives the same id",
            register() + id + register() + id + register() + id,
            sees: ["0", "1", "0", "1", "0", "1"]
        ),
        ConformanceCase(
            "L13 resolving: the same id; 1 for unknown names and VMs; an empty vm_id is the own one",
            register() + resolve("vm", "q") + resolve("", "q") + resolve("vm", "other") + resolve("other", "q"),
            sees: ["0", "0", "1", "0", "1", "1", "77", "1", "77"]
        ),
        ConformanceCase(
            "L14 queue 0 does not exist",
            enqueue("item", queue: "(i32.const 0)") + dequeue("(i32.const 0)"),
            sees: ["1", "1"]
        ),
        ConformanceCase(
            "L15 empty: 7; an item once; empty again",
            register() + dequeue() + enqueue("value") + dequeue() + dequeue(),
            sees: ["0", "7", "0", "0", "value", "7"]
        ),
        ConformanceCase(
            "L16 first in, first out",
            register() + enqueue("a") + enqueue("b") + dequeue() + enqueue("c") + dequeue() + dequeue(),
            sees: ["0", "0", "0", "0", "a", "0", "0", "b", "0", "c"]
        ),
    ]

    @Test("Queues", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    /// Registers when it starts, says of each notification what is in the queue.
    private static let consumer = WatGuest(callbacks: [
        .configure: register(),
        .queueReady: "(call $event {ready} (local.get 0)) " + dequeue("(local.get 1)"),
        .tick: dequeue(),
    ])
    private static let producer = WatGuest(callbacks: [
        .configure: register("other"), .tick: enqueue("item", queue: "(i32.const 1)"),
    ])

    @Test("L19 a second registrant gets what comes from then on; what waits stays")
    func secondRegistrant() throws {
        let services = SharedServices()
        let (first, second, third) = (Life(services: services), Life(services: services), Life(services: services))
        let one = try first.start(Self.consumer)
        let producer = try third.start(Self.producer)
        producer.vm.tick(producer)
        let two = try second.start(Self.consumer)
        two.vm.deliverQueueEvents()
        #expect(second.transcript.lines == ["0"])
        one.vm.deliverQueueEvents()
        producer.vm.tick(producer)
        one.vm.deliverQueueEvents()
        two.vm.deliverQueueEvents()
        #expect(first.transcript.lines == ["0", "ready 1", "0", "item"])
        #expect(second.transcript.lines == ["0", "ready 1", "0", "item"])
    }

    @Test("L20 the registrant is gone: enqueuing is fine, the item stays, nobody is called")
    func registrantGone() throws {
        let services = SharedServices()
        let (first, second) = (Life(services: services), Life(services: services))
        let consumer = try first.start(Self.consumer)
        let producer = try second.start(Self.producer)
        let vm = consumer.vm
        vm.retire(consumer)
        producer.vm.tick(producer)
        vm.deliverQueueEvents()
        #expect(first.transcript.lines == ["0"])
        #expect(second.transcript.lines == ["0", "0"])
        let third = Life(services: services)
        let reader = try third.start(Self.consumer)
        reader.vm.tick(reader)
        #expect(third.transcript.lines == ["0", "0", "item"])
    }

    @Test("L21 a queue that is empty by the time of on_queue_ready: 7")
    func drainedBefore() throws {
        let services = SharedServices()
        let (first, second) = (Life(services: services), Life(services: services))
        let consumer = try first.start(Self.consumer)
        let producer = try second.start(Self.producer)
        producer.vm.tick(producer)
        let reader = try second.start(Self.consumerElsewhere)
        reader.vm.tick(reader)
        consumer.vm.deliverQueueEvents()
        #expect(first.transcript.lines == ["0", "ready 1", "7"])
        withExtendedLifetime(producer) {}
    }

    /// Takes from queue 1 without being told.
    private static let consumerElsewhere = WatGuest(callbacks: [.tick: dequeue("(i32.const 1)")])

    // MARK: Threads

    /// Runs `body` with each number on a thread of its own, until all are done.
    private static func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let group = DispatchGroup()
        let failures = Mutex<[String]>([])
        for number in 0..<count {
            group.enter()
            Thread {
                do { try body(number) } catch { failures.withLock { $0.append("\(error)") } }
                group.leave()
            }.start()
        }
        group.wait()
        #expect(failures.withLock { $0 } == [])
    }

    @Test("L16 two producers and two consumers on threads, a hundred items each: every item once, in order")
    func fourThreads() throws {
        let services = SharedServices()
        // Keeps the queue; consumers look by themselves.
        let keeper = Life(services: services)
        _ = try keeper.start(WatGuest(callbacks: [.configure: Self.register("numbers")]))
        let taken = Mutex<[[Int]]>([])
        try Self.onThreads(4) { number in
            let life = Life(services: services)
            let item = """
                (i32.store (i32.const 512) (i32.add (i32.const \(number * 1000)) (global.get $n)))
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (drop (call $enqueue_shared_queue (i32.load (i32.const 276)) (i32.const 512) (i32.const 4)))
                """
            let take = """
                (if (i32.eqz (call $dequeue_shared_queue (i32.load (i32.const 276)) (i32.const 256) (i32.const 260)))
                  (then (call $num (i32.load (i32.load (i32.const 256))))))
                """
            let plugin = try life.start(
                WatGuest(callbacks: [
                    .configure: "(drop (call $resolve_shared_queue {} {numbers} (i32.const 276)))",
                    .tick: number < 2 ? item : take,
                ])
            )
            if number < 2 {
                for _ in 0..<100 { plugin.vm.tick(plugin) }
                return
            }
            let deadline = Deadline.usual
            while !deadline.isPast {
                plugin.vm.tick(plugin)
                let mine = life.transcript.lines.compactMap { Int($0) }
                let all = taken.withLock { taken -> Int in
                    if taken.count < 2 { taken = [[], []] }
                    taken[number - 2] = mine
                    return taken.joined().count
                }
                if all == 200 { break }
            }
        }
        let lists = taken.withLock { $0 }
        let expected = Array(0..<100) + Array(1000..<1100)
        #expect(lists.joined().sorted() == expected)
        // What one consumer took of one producer came in that producer's order.
        for list in lists {
            for first in [0, 1000] {
                let ofOne = list.filter { $0 / 1000 == first / 1000 }
                #expect(ofOne == ofOne.sorted())
            }
        }
        withExtendedLifetime(keeper) {}
    }

    @Test("L6 two threads append ten times each with compare-and-swap: twenty, none lost")
    func twoThreads() throws {
        let services = SharedServices()
        let keeper = Life(services: services)
        _ = try keeper.start(WatGuest(callbacks: [.configure: "(drop (call $set_shared_data {k} {} (i32.const 0)))"]))
        let append = """
            (loop $again
              (drop (call $get_shared_data {k} (i32.const 256) (i32.const 260) (i32.const 264)))
              (memory.copy (i32.const 32768) (i32.load (i32.const 256)) (i32.load (i32.const 260)))
              (br_if $again
                (call $set_shared_data {k} (i32.const 32768) (i32.add (i32.load (i32.const 260)) (i32.const 1))
                  (i32.load (i32.const 264)))))
            """
        try Self.onThreads(2) { _ in
            let life = Life(services: services)
            let plugin = try life.start(WatGuest(callbacks: [.tick: append]))
            for _ in 0..<10 { plugin.vm.tick(plugin) }
            #expect(plugin.vm.failure == nil)
        }
        let reader = Life(services: services)
        let plugin = try reader.start(
            WatGuest(callbacks: [
                .tick: """
                (drop (call $get_shared_data {k} (i32.const 256) (i32.const 260) (i32.const 264)))
                (call $num (i32.load (i32.const 260)))
                """
            ])
        )
        plugin.vm.tick(plugin)
        #expect(reader.transcript.lines == ["20"])
        withExtendedLifetime(keeper) {}
    }
}
