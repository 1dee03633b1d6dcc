import TestSupport
import Testing

// L1–L11: shared data, through the gateway's workers and configurations. L17, L18: who is told of queue items.

@Suite("Conformance through the gateway: shared data", .serialized, .timeLimit(.minutes(5)))
struct SharedDataConformanceTests {
    @Test(arguments: Self.cases) func rule(_ row: GatewayCase) async throws { try await row.run() }

    private static let cas = "(call $event {cas} (i32.load (i32.const 264)))"
    /// Sets and logs the status.
    private static func set(_ value: String, cas: String = "(i32.const 0)", key: String = "k") -> String {
        "(call $num (call $set_shared_data {\(key)} {\(value)} \(cas)))"
    }
    private static let get = "(call $shared {k})"

    private static func inHeaders(_ code: String) -> [WatGuest.Callback: String] { [.requestHeaders: code] }

    /// Appends a byte with compare-and-swap and logs the new size.
    private static let append: [WatGuest.Callback: String] = [
        // Both workers set the same first value before any request.
        .configure: "(drop (call $set_shared_data {k} {} (i32.const 0)))",
        .requestHeaders: """
        (loop $again
          (drop (call $get_shared_data {k} (i32.const 256) (i32.const 260) (i32.const 264)))
          (memory.copy (i32.const 32768) (i32.load (i32.const 256)) (i32.load (i32.const 260)))
          (local.set $a (i32.add (i32.load (i32.const 260)) (i32.const 1)))
          (br_if $again
            (call $set_shared_data {k} (i32.const 32768) (local.get $a) (i32.load (i32.const 264)))))
        (call $num (local.get $a))
        """,
    ]

    private static let consumer: [WatGuest.Callback: String] = [
        .configure: "(drop (call $register_shared_queue {q} (i32.const 276)))",
        .queueReady: """
        (call $event {ready} (local.get 0))
        (call $result (call $dequeue_shared_queue (local.get 1) (i32.const 256) (i32.const 260)))
        """,
    ]
    private static let enqueue =
        "(call $num (call $enqueue_shared_queue (i32.load (i32.const 276)) {item}))"

    static let cases: [GatewayCase] = [
        GatewayCase("L1 a missing key: 1", Self.inHeaders(Self.get), guest: ["1"]),
        GatewayCase(
            "L2 two sets of a fresh store: the compare-and-swap number is 2",
            Self.inHeaders(Self.set("a") + Self.set("b") + Self.get + Self.cas),
            guest: ["0", "0", "0", "b", "cas 2"]
        ),
        GatewayCase(
            "L3 a wrong number: 8, the value stays",
            Self.inHeaders(Self.set("a") + Self.set("b", cas: "(i32.const 100)") + Self.get),
            guest: ["0", "8", "0", "a"]
        ),
        GatewayCase(
            "L4 the number just read: 0, and the next one differs",
            Self.inHeaders(
                Self.set("a") + Self.get + Self.cas + Self.set("b", cas: "(i32.load (i32.const 264))") + Self.get
                    + Self.cas
            ),
            guest: ["0", "0", "a", "cas 1", "0", "0", "b", "cas 2"]
        ),
        GatewayCase(
            "L5 a missing key with a number: created",
            Self.inHeaders(Self.set("a", cas: "(i32.const 5)") + Self.get),
            guest: ["0", "0", "a"]
        ),
        GatewayCase(
            "L6 twenty appends with compare-and-swap on two workers: none is lost",
            [TestPlugin(Self.append)],
            workers: 2,
            { talk in
                let connections = try (0..<20).map { _ in try talk.connect() }
                for connection in connections { try connection.send(Request.get) }
                for connection in connections { _ = try connection.response() }
                let sizes = talk.guestLines.compactMap { Int($0) }.sorted()
                talk.note(sizes == Array(1...20) ? "1 to 20" : "\(sizes)")
            },
            guest: nil, client: ["1 to 20"]
        ),
        GatewayCase(
            "L7 one key under two vm_ids: independent",
            [
                TestPlugin(Self.inHeaders(Self.set("a")), vmID: "one"),
                TestPlugin(Self.inHeaders(Self.get), name: "p2", vmID: "two"),
            ],
            guest: ["p1 0", "p2 1"]
        ),
        GatewayCase(
            "L7 two modules with one vm_id: shared",
            [
                TestPlugin(Self.inHeaders(Self.set("a")), vmID: "one"),
                TestPlugin(Self.inHeaders(Self.get), name: "p2", vmID: "one"),
            ],
            guest: ["p1 0", "p2 0", "p2 a"]
        ),
        GatewayCase(
            "L8 the last VM of a vm_id is gone: so is its data; another vm_id keeps its own",
            [
                TestPlugin(Self.inHeaders(Self.set("a") + Self.get), vmID: "one"),
                TestPlugin(Self.inHeaders(Self.set("b")), name: "p2", vmID: "two"),
            ],
            { talk in
                try talk.exchange(Request.get)
                let other = TestPlugin(Self.inHeaders(Self.get), name: "p3", vmID: "two")
                try talk.apply([TestPlugin(Self.inHeaders(Self.set("b")), name: "p2", vmID: "two"), other])
                // The old VM ends on the worker's loop, after the configuration is in place.
                try talk.exchange(Request.get)
                try talk.apply([TestPlugin(Self.inHeaders(Self.get), vmID: "one"), other])
                try talk.exchange(Request.get)
            },
            guest: ["p1 0", "p1 0", "p1 a", "p2 0", "p2 0", "p3 0", "p3 b", "p1 1", "p3 0", "p3 b"],
            client: Array(repeating: "200 length=5 'world'", count: 3)
        ),
        GatewayCase(
            "L9 an empty value: 0, pointer 0, length 0, and the number",
            Self.inHeaders(
                Self.set("") + "(i32.store (i32.const 256) (i32.const 7))" + Self.get
                    + "(call $event {pointer} (i32.load (i32.const 256)))" + Self.cas
            ),
            guest: ["0", "0", "", "pointer 0", "cas 1"]
        ),
        GatewayCase(
            "L10 a bad pointer for the number: 6",
            Self.inHeaders(
                Self.set("a")
                    + "(call $num (call $get_shared_data {k} (i32.const 256) (i32.const 260) (i32.const 0x7FFFFFF0)))"
            ),
            guest: ["0", "6"]
        ),
        GatewayCase(
            "L11 a null value stores an empty one (Kong deletes)",
            Self.inHeaders(
                Self.set("a")
                    + "(call $num (call $set_shared_data {k} (i32.const 0) (i32.const 0) (i32.const 0)))" + Self.get
            ),
            guest: ["0", "0", "0", ""]
        ),
        GatewayCase(
            "L17 an item enqueued by the registrant itself: on_queue_ready after the callback has returned",
            Self.consumer.merging([.requestHeaders: Self.enqueue + "(call $say {returning})"]) { $1 },
            {
                try $0.exchange(Request.get)
                try $0.await("item")
            },
            guest: ["0", "returning", "ready 1", "0", "item"]
        ),
        GatewayCase(
            "L18 an item enqueued by another VM: on_queue_ready on the registrant's root, without traffic of its own",
            [
                TestPlugin(Self.consumer),
                TestPlugin(
                    [
                        .configure: Guest.tick(every: 10),
                        // The first queue of a process has id 1.
                        .tick: Guest.tick(every: 0) + "(i32.store (i32.const 276) (i32.const 1))" + Self.enqueue,
                    ],
                    name: "p2"
                ),
            ],
            { try $0.await("p1 item") },
            guest: ["p2 0", "p1 ready 1", "p1 0", "p1 item"], client: []
        ),
    ]
}
