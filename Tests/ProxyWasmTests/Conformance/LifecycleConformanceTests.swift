import ProxyWasm
import TestSupport
import Testing

/// Section B of the rules: start and lifecycle.
struct LifecycleConformanceTests {
    static func say(_ text: String) -> String { "(call $say {\(text)}) " }
    static let start = #"(func (export "_start") \#(say("start")))"#
    static let initialize = #"(func (export "_initialize") \#(say("initialize")))"#
    static let main =
        #"(func (export "main") (param i32 i32) (result i32) \#(say("main")) (call $num (local.get 0)) (i32.const 0))"#
    static let mainVoid = #"(func (export "__main_void") (result i32) \#(say("main")) (i32.const 0))"#

    static let starts: [(rule: String, fields: String, lines: [String])] = [
        ("B1 _initialize and main, never _start", initialize + main + start, ["initialize", "main", "0"]),
        ("B2 _initialize and __main_void", mainVoid + initialize, ["initialize", "main"]),
        ("B3 _start alone", start, ["start"]),
        ("A24 none", "", []),
    ]

    @Test("Start functions", arguments: starts)
    func startFunctions(rule: String, fields: String, lines: [String]) throws {
        let life = Life()
        try life.run(WatGuest(fields: fields))
        #expect(life.transcript.lines == lines, "\(rule)")
    }

    static let cases: [ConformanceCase] = [
        ConformanceCase(
            "B11 on_vm_start answers false: on_configure is not called",
            in: .vmStart,
            "(return (i32.const 0))",
            fields:
                #"(func (export "proxy_on_configure") (param i32 i32) (result i32) (call $say {configure}) (i32.const 1))"#,
            sees: ["not started: vmStart"]
        ),
        ConformanceCase(
            "B12 on_configure answers false",
            in: .configure,
            "(return (i32.const 0))",
            sees: ["not started: configure"]
        ),
        ConformanceCase(
            "B13 any answer but 0 is true",
            in: .configure,
            "(call $say {configured}) (return (i32.const 2))",
            sees: ["configured"]
        ),
        ConformanceCase(
            "B14 without on_vm_start on_configure is called",
            in: .configure,
            "(call $num (local.get 0)) (call $num (local.get 1))",
            sees: ["1", "13"]
        ),
        ConformanceCase(
            "B15 the root id is there when the root is created",
            in: .contextCreate,
            "(if (i32.eqz (local.get 1)) (then (call $result (call $get_property {plugin_root_id} (i32.const 256) (i32.const 260)))))",
            sees: ["0", "root"]
        ),
        ConformanceCase(
            "B16 on_vm_start reads exactly the VM's configuration",
            in: .vmStart,
            "(call $bytes (i32.const 6) (i32.const 0) (local.get 1))",
            sees: ["0", "vm-config"]
        ),
        ConformanceCase(
            "B16 an empty configuration: nothing allocated",
            in: .vmStart,
            "(call $num (local.get 1)) (call $bytes (i32.const 6) (i32.const 0) (i32.const 100)) (call $num (i32.load (i32.const 256)))",
            definition: PluginDefinition(name: "default.test"),
            sees: ["0", "0", "", "0"]
        ),
        ConformanceCase(
            "B17 on_configure reads exactly the plugin's configuration",
            in: .configure,
            "(call $bytes (i32.const 7) (i32.const 0) (local.get 1))",
            sees: ["0", "plugin-config"]
        ),
        ConformanceCase(
            "B17 later it is gone",
            in: .tick,
            "(call $bytes (i32.const 7) (i32.const 0) (i32.const 100))",
            sees: ["1"]
        ),
        ConformanceCase(
            "B18 0.1.0: the VM's configuration in on_vm_start",
            in: .vmStart,
            "(call $result (call $get_configuration (i32.const 256) (i32.const 260)))",
            version: "0_1_0",
            sees: ["0", "vm-config"]
        ),
        ConformanceCase(
            "B18 0.1.0: the plugin's configuration in on_configure",
            in: .configure,
            "(call $result (call $get_configuration (i32.const 256) (i32.const 260)))",
            version: "0_1_0",
            sees: ["0", "plugin-config"]
        ),
        ConformanceCase(
            "B18 0.1.0: the VM's configuration in on_tick",
            in: .tick,
            "(call $result (call $get_configuration (i32.const 256) (i32.const 260)))",
            version: "0_1_0",
            sees: ["0", "vm-config"]
        ),
        ConformanceCase(
            "B19 a stream's parent is the root",
            in: .contextCreate,
            "(call $num (local.get 0)) (call $num (local.get 1))",
            sees: ["1", "0", "2", "1"]
        ),
        ConformanceCase(
            "B25 proxy_done when nothing is pending",
            in: .tick,
            "(call $num (call $done))",
            sees: ["1"]
        ),
        ConformanceCase(
            "B27 without context_create everything else is called",
            in: .delete,
            "(call $num (local.get 0))",
            sees: ["2", "1"]
        ),
    ]

    @Test("Lifecycle", arguments: cases)
    func rule(_ row: ConformanceCase) throws { try row.run() }

    @Test("B6, B20, B21, B32: order of an ordinary life; a stream's on_done answering false changes nothing")
    func order() throws {
        var guest = WatGuest()
        for callback in WatGuest.Callback.allCases {
            guest.callbacks[callback] = Self.say(callback.rawValue) + "(call $num (local.get 0))"
        }
        guest.callbacks[.done]? += "(return (i32.const 0))"
        let life = Life()
        try life.run(guest)
        let pairs = stride(from: 0, to: life.transcript.lines.count - 1, by: 2).map {
            "\(life.transcript.lines[$0].dropFirst(6)) \(life.transcript.lines[$0 + 1])"
        }
        #expect(
            pairs == [
                "on_context_create 1", "on_vm_start 1", "on_configure 1",
                "on_context_create 2", "on_request_headers 2", "on_request_body 2", "on_request_trailers 2",
                "on_tick 1",
                "on_response_headers 2", "on_response_body 2", "on_response_trailers 2",
                "on_log 2", "on_done 2", "on_delete 2",
                "on_done 1", "on_delete 1",
            ])
    }

    @Test("B4 a line of a start function is the VM's, no plugin's")
    func lineOfVM() throws {
        let life = Life()
        let plugin = try life.start(
            WatGuest(callbacks: [.vmStart: Self.say("vm start")], fields: Self.initialize)
        )
        #expect(life.transcript.lines == ["initialize", "vm start"])
        #expect(life.host.linesOfVM == ["initialize"])
        withExtendedLifetime(plugin) {}
    }

    @Test("B5: a function that is not allowed in a start function fails the start")
    func restrictedStart() throws {
        let life = Life()
        let guest = WatGuest(
            fields: #"(func (export "_initialize") (drop (call $set_tick_period_milliseconds (i32.const 5))))"#
        )
        #expect(throws: PluginFailure.self) { try life.start(guest) }
        #expect(!life.transcript.lines.contains("host: tick 5 for 1"))
    }

    @Test("B7, B12: a second plugin on a VM gets its own root; one that refuses leaves the other alone")
    func secondPlugin() throws {
        let life = Life()
        let guest = WatGuest(
            callbacks: [
                .contextCreate: "(call $num (local.get 0))",
                .configure:
                    "(call $bytes (i32.const 7) (i32.const 0) (i32.const 100)) (return (i32.ne (local.get 1) (i32.const 3)))",
                .tick: Self.say("tick"),
            ],
            fields: Self.start
        )
        let first = try life.start(guest)
        var other = ConformanceCase.definition
        other.configuration = Array("bad".utf8)
        let vm = first.vm
        #expect(throws: PluginFailure.self) { try vm.startPlugin(other) }
        other.configuration = Array("good".utf8)
        let second = try vm.startPlugin(other)
        #expect(first.id != second.id)
        vm.tick(first)
        #expect(
            life.transcript.lines == ["start", "1", "0", "plugin-config", "2", "0", "bad", "3", "0", "good", "tick"])
    }

    @Test("B23, B24, B26: a root that is not done goes on until it calls proxy_done, once")
    func pendingRoot() throws {
        let life = Life()
        let guest = WatGuest(callbacks: [
            .done: Self.say("done") + "(return (i32.const 0))",
            .tick: Self.say("tick") + "(call $num (call $done)) (call $num (call $done))",
            .delete: Self.say("delete"),
        ])
        let plugin = try life.start(guest)
        let vm = plugin.vm
        #expect(!vm.retire())
        #expect(life.transcript.lines == ["done"])
        vm.tick(plugin)
        #expect(life.transcript.lines == ["done", "tick", "0", "1", "delete"])
        #expect(!vm.hasPlugins)
        vm.tick(plugin)
        #expect(life.transcript.lines.count == 5)
    }

    @Test("B22, B23 one of two roots ends: the other one, its ticks and the VM go on")
    func endsOneRoot() throws {
        let life = Life()
        let guest = WatGuest(callbacks: [
            .done: "(call $event {done} (local.get 0)) (return (i32.ne (local.get 0) (i32.const 2)))",
            .tick: "(call $event {tick} (local.get 0))",
            .delete: "(call $event {delete} (local.get 0))",
        ])
        let first = try life.start(guest)
        let vm = first.vm
        var definition = ConformanceCase.definition
        definition.rootID = "second"
        let second = try vm.startPlugin(definition)
        definition.rootID = "third"
        let third = try vm.startPlugin(definition)
        let isGone = vm.retire(first)
        let isSecondGone = vm.retire(second)
        #expect(isGone && !isSecondGone)
        for plugin in [first, second, third] { vm.tick(plugin) }
        #expect(life.host.ended == [1])
        vm.end(second)
        vm.end(second)
        vm.tick(third)
        #expect(life.host.ended == [1, 2])
        #expect(
            life.transcript.lines
                == ["done 1", "delete 1", "done 2", "tick 2", "tick 3", "delete 2", "tick 3"]
        )
        #expect(vm.hasPlugins)
    }

    @Test("A plugin on trial is asked about its configuration first", arguments: [true, false])
    func validates(_ answer: Bool) throws {
        let life = Life()
        let fields = """
            (func (export "proxy_validate_configuration") (param i32 i32) (result i32)
              (call $bytes (i32.const 7) (i32.const 0) (local.get 1)) (i32.const \(answer ? 1 : 0)))
            """
        let guest = WatGuest(callbacks: [.configure: Self.say("configure")], fields: fields)
        let plugin = try life.start(guest)
        #expect(life.transcript.lines == ["configure"])
        var definition = ConformanceCase.definition
        definition.rootID = "second"
        let vm = plugin.vm
        if answer {
            _ = try vm.startPlugin(definition, validates: true)
        } else {
            #expect(throws: PluginFailure.self) { try vm.startPlugin(definition, validates: true) }
        }
        #expect(life.transcript.lines == ["configure", "0", "plugin-config"] + (answer ? ["configure"] : []))
        #expect(vm.failure == nil)
    }

    @Test("B10, B28: two VMs of one module share nothing")
    func separateVMs() throws {
        let snippet = "(global.set $heap (i32.add (global.get $heap) (i32.const 1))) (call $num (global.get $heap))"
        let guest = WatGuest(callbacks: [.tick: snippet])
        let first = Life()
        let second = Life()
        let one = try first.start(guest)
        let two = try second.start(guest)
        one.vm.tick(one)
        one.vm.tick(one)
        two.vm.tick(two)
        #expect(first.transcript.lines == ["65537", "65538"])
        #expect(second.transcript.lines == ["65537"])
    }
}
