import Gateway
import ProxyWasm
import TestSupport
import Testing

/// Section O of the rules, through a running gateway.
struct ConnectionConformanceTests {
    typealias Code = [WatGuest.Callback: String]

    static let new = "(call $event {new} (local.get 0))"
    static let down = "(call $event2 {down} (local.get 1) (local.get 2))"
    static let up = "(call $event2 {up} (local.get 1) (local.get 2))"
    /// Every callback of a connection tells of itself.
    static let life: Code = Guest.ending.merging([
        .contextCreate: Guest.ofStream("(call $event {create} (local.get 0))"),
        .newConnection: Self.new,
        .downstreamData: Self.down,
        .upstreamData: Self.up,
        .downstreamClose: "(call $event {down-close} (local.get 1))",
        .upstreamClose: "(call $event {up-close} (local.get 1))",
    ]) { $1 }
    static let end = ["done", "log", "delete"]
    /// What both ends in order look like.
    static let bothEnds = ["down 0 1", "up 0 1", "up-close 0", "down-close 2"] + Self.end

    /// The first connection is held; the next one lets it go on.
    static func untilNextConnection(_ type: Int) -> String {
        """
        (if (global.get $held)
          (then
            (drop (call $set_effective_context (global.get $held)))
            (global.set $held (i32.const 0))
            (drop (call $continue_stream (i32.const \(type))))))
        """
    }
    static let holdFirst = "(if (i32.eq (local.get 0) (i32.const 2)) (then (global.set $held (local.get 0))))"

    static func bytes(_ buffer: Int) -> String {
        "(call $bytes (i32.const \(buffer)) (i32.const 0) (i32.const 100))"
    }

    static let rows: [TCPCase] = [
        TCPCase(
            "O1 a connection's callbacks in order", [TestPlugin(life)],
            guest: ["create 2", "new 2", "down 5 0", "up 5 0"] + bothEnds
        ),
        TCPCase(
            "O2 on_new_connection pauses: the server is not connected before continue_stream(2)",
            [
                TestPlugin(
                    [
                        .newConnection: new
                            + "(if (i32.eq (local.get 0) (i32.const 2)) (then (global.set $held (local.get 0)) \(Guest.pause)))"
                            + untilNextConnection(2),
                        .downstreamData: down,
                    ])
            ],
            { talk in
                try talk.peer.send("hello")
                try talk.await("new 2")
                talk.note("\(talk.gateway.upstream.connections) connections")
                let other = try talk.connect()
                talk.note(try talk.peer.receive(exactly: 5))
                try talk.end()
                try talk.end(other)
            },
            guest: ["new 2", "new 3", "down 5 0", "down 0 1", "down 0 1"],
            received: ["hello", ""],
            client: ["0 connections", "hello"]
        ),
        TCPCase(
            "O3 paused data accumulate; Continue passes all of it",
            [
                TestPlugin([
                    .downstreamData: down + bytes(2)
                        + "(return (i32.and (i32.eqz (local.get 2)) (i32.lt_u (local.get 1) (i32.const 7))))"
                ])
            ],
            { talk in
                try talk.peer.send("abc")
                try talk.await("down 3 0")
                talk.note("\(talk.gateway.upstream.receivedBytes) bytes")
                try talk.peer.send("defg")
                talk.note(try talk.peer.receive(exactly: 7))
                try talk.end()
            },
            guest: ["down 3 0", "0", "abc", "down 7 0", "0", "abcdefg", "down 0 1", "0", ""],
            received: ["abcdefg"],
            client: ["0 bytes", "abcdefg"]
        ),
        TCPCase(
            "O4 continue_stream(2) passes what is held, once, without asking again",
            [
                TestPlugin([
                    .newConnection: untilNextConnection(2) + holdFirst,
                    .downstreamData: down + "(return (i32.eqz (local.get 2)))",
                ])
            ],
            { talk in
                try talk.peer.send("abcdefg")
                try talk.await("down 7 0")
                let other = try talk.connect()
                talk.note(try talk.peer.receive(exactly: 7))
                try talk.end()
                try talk.end(other)
            },
            guest: ["down 7 0", "down 0 1", "down 0 1"],
            received: ["abcdefg", ""],
            client: ["abcdefg"]
        ),
        TCPCase(
            "O4 the end that comes while paused is passed with the bytes",
            [
                TestPlugin([
                    .newConnection: untilNextConnection(2) + holdFirst,
                    .downstreamData: down
                        + "(return (i32.eq (local.get 0) (i32.const 2)))",
                ])
            ],
            { talk in
                try talk.peer.send("abc")
                try talk.await("down 3 0")
                try talk.peer.end()
                try talk.await("down 3 1")
                let other = try talk.connect()
                try talk.noteRest()
                try talk.end(other)
            },
            guest: ["down 3 0", "down 3 1", "down 0 1"],
            received: ["abc", ""],
            client: ["abc"]
        ),
        TCPCase(
            "O5 changed bytes go to the server",
            [TestPlugin([.downstreamData: "(if (local.get 1) (then \(Guest.setBody(2, "x"))))"])],
            { talk in
                try talk.peer.send("hello")
                talk.note(try talk.peer.receive(exactly: 1))
                try talk.end()
            },
            guest: [],
            received: ["x"],
            client: ["x"]
        ),
        TCPCase(
            "O6 changed bytes go to the client",
            [TestPlugin([.upstreamData: "(if (local.get 1) (then \(Guest.setBody(3, start: 0, count: 0, "> "))))"])],
            { talk in
                try talk.peer.send("hello")
                talk.note(try talk.peer.receive(exactly: 7))
                try talk.end()
            },
            guest: [],
            client: ["> hello"]
        ),
        TCPCase(
            "O5 bytes added at the end of the stream",
            [
                TestPlugin([
                    .downstreamData: "(if (local.get 2) (then \(Guest.setBody(2, start: 0x7FFF_FFFF, count: 0, "!"))))"
                ])
            ],
            { talk in
                try talk.peer.send("hello")
                try talk.peer.end()
                try talk.noteRest()
            },
            guest: [],
            received: ["hello!"],
            client: ["hello!"]
        ),
        TCPCase(
            "O7 the client closes",
            [TestPlugin(life)],
            { talk in
                try talk.peer.send("hello")
                talk.note(try talk.peer.receive(exactly: 5))
                try talk.peer.close()
                try talk.await("delete")
            },
            guest: ["create 2", "new 2", "down 5 0", "up 5 0"] + bothEnds
        ),
        TCPCase(
            "O7 the client resets",
            [TestPlugin(life)],
            { talk in
                try talk.peer.send("hello")
                talk.note(try talk.peer.receive(exactly: 5))
                try talk.peer.reset()
                try talk.await("delete")
            },
            guest: ["create 2", "new 2", "down 5 0", "up 5 0", "down-close 2"] + end
        ),
        TCPCase(
            "O8 close_stream: what the callback lets pass is still written",
            [TestPlugin(life.merging([.upstreamData: up + "(drop (call $close_stream (i32.const 2)))"]) { $1 })],
            { talk in
                try talk.peer.send("hello")
                try talk.noteRest()
            },
            guest: ["create 2", "new 2", "down 5 0", "up 5 0", "down-close 1"] + end
        ),
        TCPCase(
            "O8 close_stream(3) closes both sides, too; held bytes are dropped",
            [
                TestPlugin(
                    life.merging([
                        .downstreamData: down + "(drop (call $close_stream (i32.const 3)))" + Guest.pause
                    ]) { $1 })
            ],
            { talk in
                try talk.peer.send("hello")
                try talk.noteRest()
            },
            guest: ["create 2", "new 2", "down 5 0", "down-close 1"] + end,
            received: [""],
            client: []
        ),
        TCPCase(
            "O8 close_stream in on_new_connection: the server is never asked",
            [TestPlugin(life.merging([.newConnection: "(drop (call $close_stream (i32.const 2)))"]) { $1 })],
            { try $0.noteRest() },
            guest: ["create 2", "down-close 1"] + end,
            received: [],
            client: []
        ),
        TCPCase(
            "O9 the server ends first; the client may go on, and ends the connection",
            [TestPlugin(life)],
            upstream: { peer in
                try peer.send("bye")
                peer.end()
                _ = try peer.receiveAll()
            },
            { talk in
                try talk.noteRest()
                try talk.await("up-close 0")
                try talk.peer.send("late")
                try talk.awaitServer(4)
                talk.note("\(talk.gateway.guestLines().contains("done"))")
                try talk.peer.close()
                try talk.await("delete")
            },
            guest: ["create 2", "new 2", "up 3 0", "up 0 1", "up-close 0", "down 4 0", "down 0 1", "down-close 2"]
                + end,
            received: ["late"],
            client: ["bye", "false"]
        ),
        TCPCase(
            "O10 a paused server's bytes go on with continue_stream(3)",
            [
                TestPlugin([
                    .newConnection: untilNextConnection(3) + holdFirst,
                    .upstreamData: up + "(return (i32.eqz (local.get 2)))",
                ])
            ],
            { talk in
                try talk.peer.send("hello")
                try talk.await("up 5 0")
                let other = try talk.connect()
                talk.note(try talk.peer.receive(exactly: 5))
                try talk.end()
                try talk.end(other)
            },
            guest: ["up 5 0", "up 0 1", "up 0 1"],
            received: ["hello", ""]
        ),
        TCPCase(
            "O11 a trap in on_downstream_data, fail-closed: both sides closed, nothing passed",
            [TestPlugin([.downstreamData: Guest.trap])],
            { talk in
                try talk.peer.send("hello")
                try talk.noteRest()
                try poll("the server's end", isTrue: { talk.gateway.upstream.endings.count == 1 })
            },
            guest: [],
            received: [""],
            client: []
        ),
        TCPCase(
            "O11 a trap in on_downstream_data, fail-open: the bytes flow on",
            [TestPlugin([.downstreamData: Guest.trap], failStrategy: .open)],
            guest: []
        ),
        TCPCase(
            "O11 a trap in on_upstream_data, fail-open: the bytes flow on",
            [TestPlugin([.upstreamData: Guest.trap], failStrategy: .open)],
            guest: []
        ),
        TCPCase(
            "O11 a trap in on_new_connection, fail-closed",
            [TestPlugin([.newConnection: Guest.trap])],
            { try $0.noteRest() },
            guest: [],
            received: [],
            client: []
        ),
        TCPCase(
            "O11 a trap in on_new_connection, fail-open",
            [TestPlugin([.newConnection: Guest.trap], failStrategy: .open)],
            guest: []
        ),
        TCPCase(
            "O11 the VM dies while a connection waits, fail-open: it goes on at once, bytes and all",
            [
                TestPlugin(
                    [
                        .newConnection: new + "(if (i32.ne (local.get 0) (i32.const 2)) (then unreachable))",
                        .downstreamData: down + Guest.pause,
                    ],
                    failStrategy: .open)
            ],
            { talk in
                try talk.peer.send("hello")
                try talk.await("down 5 0")
                let other = try talk.connect()
                talk.note(try talk.peer.receive(exactly: 5))
                try talk.end()
                try talk.end(other)
            },
            guest: ["new 2", "down 5 0", "new 3"],
            received: ["hello", ""]
        ),
        TCPCase(
            "O11 the VM dies while a connection waits to be opened, fail-closed: it is closed at once",
            [
                TestPlugin([
                    .newConnection: new + "(if (i32.ne (local.get 0) (i32.const 2)) (then unreachable))" + Guest.pause
                ])
            ],
            { talk in
                _ = try talk.peer
                try talk.await("new 2")
                let other = try talk.connect()
                try talk.noteRest()
                try talk.noteRest(other)
            },
            guest: ["new 2", "new 3"],
            received: [],
            client: []
        ),
        TCPCase(
            "O12 no header maps in a connection",
            [
                TestPlugin([
                    .downstreamData: """
                    (if (local.get 1) (then
                      (call $num (call $get_header_map_value (i32.const 0) {:path} (i32.const 256) (i32.const 260)))
                      (call $num (call $get_header_map_pairs (i32.const 0) (i32.const 256) (i32.const 260)))
                      (call $num (i32.load (i32.const 260)))))
                    """
                ])
            ],
            guest: ["2", "0", "0"]
        ),
        TCPCase(
            "a chain: the client's bytes in order, the server's backwards",
            [TestPlugin(life, name: "p1"), TestPlugin(life, name: "p2", vmID: "other")],
            guest: [
                "p1 create 2", "p1 new 2", "p2 create 2", "p2 new 2",
                "p1 down 5 0", "p2 down 5 0", "p2 up 5 0", "p1 up 5 0",
                "p1 down 0 1", "p2 down 0 1", "p2 up 0 1", "p2 up-close 0", "p1 up 0 1", "p1 up-close 0",
                "p1 down-close 2", "p1 done", "p1 log", "p1 delete",
                "p2 down-close 2", "p2 done", "p2 log", "p2 delete",
            ]
        ),
        TCPCase(
            "attributes of a connection",
            [
                TestPlugin([
                    .downstreamData: """
                    (if (local.get 1) (then
                      (call $property {source\\00address}) (call $property {destination\\00address})
                      (call $property {upstream\\00address}) (call $property {xds\\00cluster_name})
                      (call $property {xds\\00route_name}) (call $integer {connection\\00mtls})
                      (call $property {connection\\00requested_server_name})
                      (call $integer {listener_direction}) (call $property {request\\00path})))
                    """
                ])
            ],
            guest: [
                "0", "CLIENT", "0", "GATEWAY", "0", "SERVER", "0", "upstream", "0", "r", "1 0", "0", "", "8 2", "1",
            ]
        ),
        TCPCase(
            "a property that a plugin sets",
            [
                TestPlugin([
                    .newConnection: "(call $num (call $set_property {who} {me}))",
                    .upstreamData:
                        "(if (local.get 1) (then (call $property {who}) (call $property {filter_state\\00wasm.who})))",
                ])
            ],
            guest: ["0", "0", "me", "0", "me"]
        ),
        TCPCase(
            "over the buffer limit of a paused plugin the client is not read",
            [
                TestPlugin([
                    .newConnection: untilNextConnection(2) + holdFirst,
                    .downstreamData: "(if (i32.le_u (local.get 1) (i32.const 1000)) (then \(down) "
                        + "(return (i32.eqz (local.get 2)))))",
                ])
            ],
            options: { $0.bufferLimitBytes = 1000 },
            upstream: { peer in
                _ = try peer.receiveAll()
                peer.end()
            },
            { talk in
                try talk.peer.send([UInt8](repeating: 97, count: 1000))
                try talk.await("down 1000 0")
                try talk.peer.send([UInt8](repeating: 98, count: 50_000))
                talk.note("\(talk.gateway.upstream.receivedBytes)")
                let other = try talk.connect()
                try talk.awaitServer(51_000)
                try talk.end()
                try talk.end(other)
            },
            guest: ["down 1000 0", "down 0 1", "down 0 1"],
            received: [String(repeating: "a", count: 1000) + String(repeating: "b", count: 50_000), ""],
            client: ["0"]
        ),
        TCPCase(
            "far over the buffer limit of a paused plugin the connection is closed",
            [
                TestPlugin([
                    .downstreamData: Guest.setBody(2, String(repeating: "x", count: 250)) + down + Guest.pause,
                    .downstreamClose: "(call $event {down-close} (local.get 1))",
                ])
            ],
            options: { $0.bufferLimitBytes = 100 },
            { talk in
                try talk.peer.send("hello")
                try talk.noteRest()
            },
            guest: ["down 5 0", "down-close 1"],
            received: [""],
            client: []
        ),
        TCPCase(
            "no byte for longer than the idle timeout",
            [TestPlugin(life)],
            options: { $0.connectionIdleTimeoutSeconds = 1 },
            { try $0.noteRest() },
            guest: ["create 2", "new 2", "down-close 1"] + end,
            received: [""],
            client: []
        ),
        TCPCase(
            "a server that refuses",
            [TestPlugin(life)],
            listener: .tcp(cluster: "refusing"),
            { try $0.noteRest() },
            guest: ["create 2", "new 2", "down-close 1"] + end,
            received: [],
            client: []
        ),
        TCPCase(
            "a cluster that does not exist",
            [TestPlugin(life)],
            listener: .tcp(cluster: "nowhere"),
            { try $0.noteRest() },
            guest: ["create 2", "new 2", "down-close 1"] + end,
            received: [],
            client: []
        ),
        TCPCase(
            "a server that resets",
            [TestPlugin(life)],
            upstream: { peer in
                _ = try peer.receive(exactly: 5)
                peer.reset()
            },
            { talk in
                try talk.peer.send("hello")
                try talk.noteRest()
            },
            guest: ["create 2", "new 2", "down 5 0", "down-close 1"] + end,
            client: []
        ),
        TCPCase(
            "a plugin that knows nothing of connections", [TestPlugin([:])], guest: []
        ),
        TCPCase("no plugin", [], guest: []),
    ]

    @Test("Connections", arguments: rows)
    func rule(_ row: TCPCase) async throws { try await row.run() }
}
