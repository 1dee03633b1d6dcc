import TestSupport

/// A guest that fails in one callback of a connection's, or of its root's, while a flag in the shared data is up: that
/// outlives the VM.
enum FaultyConnectionGuest {
    private static func ifArmed(_ code: String) -> String {
        """
        (if (i32.eqz (call $get_shared_data {armed} (i32.const 256) (i32.const 260) (i32.const 264)))
          (then (if (i32.load (i32.const 260)) (then \(code)))))
        """
    }

    private static let arm = "(drop (call $set_shared_data {armed} {1} (i32.const 0)))"
    private static let disarm = "(drop (call $set_shared_data {armed} {} (i32.const 0)))"

    /// Another module, first in the chain: the second connection is to fail. The failing callback lowers the flag but
    /// where it is one of the start; there the fourth connection does.
    static let first: [WatGuest.Callback: String] = [
        .newConnection: """
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (if (i32.eq (global.get $n) (i32.const 2)) (then \(Self.arm)))
        (if (i32.eq (global.get $n) (i32.const 4)) (then \(Self.disarm)))
        """
    ]

    static func callbacks(_ place: ConnectionFaultPlace, _ fault: Fault) -> [WatGuest.Callback: String] {
        let fails = Self.ifArmed(Self.disarm + "(call $say {failing})" + fault.code)
        var callbacks: [WatGuest.Callback: String] = [
            .configure: "(drop (call $register_shared_queue {queue} (i32.const 276)))"
        ]
        if let cause = place.cause {
            callbacks[.downstreamData] = Self.ifArmed(Guest.hold + cause + Guest.pause)
        }
        switch place {
        case .create, .done, .log, .delete:
            callbacks[place.callback] = Guest.ofStream(fails)
        case .tick:
            callbacks[.configure, default: ""] += Guest.tick(every: 20)
            callbacks[.tick] = "(if (global.get $held) (then \(fails)))"
        case .rootCreate, .vmStart, .configure:
            callbacks[.newConnection] = Self.ifArmed("(call $say {failing}) unreachable") + "(call $say {serving})"
            let code = Self.ifArmed(fault.code)
            callbacks[place.callback, default: ""] += place == .rootCreate ? Guest.ofRoot(code) : code
        default:
            callbacks[place.callback] = fails
        }
        return callbacks
    }
}
