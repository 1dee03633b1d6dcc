import ProxyWasm
import TestSupport

/// How a plugin fails.
enum Fault: String, CaseIterable, Sendable {
    case trap, deadline, memory, exit

    /// Little memory for what uses it up; a callback may take long only where that is not the fault.
    var limits: VMLimits {
        VMLimits(memoryBytes: 4 << 20, callbackDeadlineMilliseconds: self == .deadline ? 50 : 5000)
    }

    /// Guest code that does not return.
    var code: String {
        switch self {
        case .trap: "unreachable"
        case .deadline: "(loop $forever (br $forever))"
        case .memory:
            """
            (loop $more (br_if $more (i32.ne (memory.grow (i32.const 8)) (i32.const -1)))) unreachable
            """
        case .exit: "(call $proc_exit (i32.const 1)) unreachable"
        }
    }
}
