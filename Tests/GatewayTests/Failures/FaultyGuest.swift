import TestSupport

/// A guest that plays two parts, told apart by their configuration: `bad` fails once in one callback, `good` shares its
/// VM. Both hold streams that ask for it and put `x-seen` on responses.
enum FaultyGuest {
    static let name = "bad"
    static let neighbour = "good"

    private static func has(_ header: String, _ code: String) -> String {
        """
        (if (i32.eqz (call $get_header_map_value (i32.const 0) {\(header)} (i32.const 256) (i32.const 260)))
          (then \(code)))
        """
    }

    /// `code` in the part of `bad` only; local 0 is one of its contexts.
    private static func bad(_ code: String) -> String {
        """
        (if (i32.and (i32.ne (global.get $bad) (i32.const 0))
              (i32.eq (i32.load (i32.add (i32.const 16384) (i32.mul (local.get 0) (i32.const 4)))) (global.get $bad)))
          (then \(code)))
        """
    }

    /// Fails as long as the shared flag is up.
    private static func ifArmed(_ code: String) -> String {
        """
        (if (i32.eqz (call $get_shared_data {armed} (i32.const 256) (i32.const 260) (i32.const 264)))
          (then (if (i32.load (i32.const 260)) (then \(code)))))
        """
    }

    private static let arm = "(drop (call $set_shared_data {armed} {1} (i32.const 0)))"
    private static let disarm = "(drop (call $set_shared_data {armed} {} (i32.const 0)))"

    /// Another module, first in the chain, that never fails: raises and lowers the flag, and makes request trailers that
    /// the others are to see.
    static func first(_ place: FaultPlace) -> [WatGuest.Callback: String] {
        var callbacks: [WatGuest.Callback: String] = [
            .requestHeaders: Self.has("x-arm", Self.arm) + Self.has("x-disarm", Self.disarm)
        ]
        if place == .requestTrailers {
            callbacks[.requestBody] = "(if (local.get 2) (then \(Guest.replace(1, "t", "1"))))"
        }
        return callbacks
    }

    /// The same at the other end, with response trailers.
    static func last(_ place: FaultPlace) -> [WatGuest.Callback: String] {
        guard place == .responseTrailers else { return [:] }
        return [.responseBody: "(if (local.get 2) (then \(Guest.replace(3, "t", "1"))))"]
    }

    private static let ifTarget = "(i32.eq (local.get 0) (global.get $target))"

    static func callbacks(_ place: FaultPlace, _ fault: Fault) -> [WatGuest.Callback: String] {
        var callbacks: [WatGuest.Callback: String] = [
            // Whose stream it is.
            .contextCreate: """
            (i32.store (i32.add (i32.const 16384) (i32.mul (local.get 0) (i32.const 4)))
              (if (result i32) (local.get 1) (then (local.get 1)) (else (local.get 0))))
            """,
            .configure: """
            (if (local.get 1)
              (then
                (global.set $bad (local.get 0))
                (drop (call $register_shared_queue {queue} (i32.const 276)))))
            """,
            .requestHeaders: """
            \(Self.bad(Self.has("x-hold-bad", "(call $say {held}) (return (i32.const 1))")))
            (if (i32.ne (i32.load (i32.add (i32.const 16384) (i32.mul (local.get 0) (i32.const 4)))) (global.get $bad))
              (then \(Self.has("x-hold-good", "(call $say {held}) (return (i32.const 1))"))))
            \(Self.bad(Self.has("x-fault", Self.request(place, fault))))
            """,
            .responseHeaders: "(drop (call $add_header_map_value (i32.const 2) {x-seen} {1}))",
        ]
        switch place {
        case .requestHeaders:
            break
        case .create:
            callbacks[.contextCreate]? +=
                "(if (local.get 1) (then \(Self.bad(Self.ifArmed(Self.disarm + fault.code)))))"
        case .rootCreate:
            callbacks[.contextCreate]? += "(if (i32.eqz (local.get 1)) (then \(Self.ifArmed(fault.code))))"
        case .vmStart:
            callbacks[.vmStart] = Self.ifArmed(fault.code)
        case .configure:
            callbacks[.configure]? += Self.bad(Self.ifArmed(fault.code))
        case .tick:
            callbacks[.configure]? += Guest.tick(every: 5)
            callbacks[.tick] = "(if (global.get $target) (then \(fault.code)))"
        case .callResponse, .foreignFunction, .grpcInitialMetadata, .grpcReceive, .grpcTrailingMetadata, .grpcClose:
            callbacks[place.callback] = fault.code
        case .queueReady:
            callbacks[.queueReady] = "(if (global.get $target) (then \(fault.code)))"
        case .responseHeaders:
            callbacks[.responseHeaders]? += "(if \(Self.ifTarget) (then \(fault.code)))"
        case .requestBody, .requestTrailers, .responseBody, .responseTrailers, .log, .done, .delete:
            callbacks[place.callback] = "(if \(Self.ifTarget) (then \(fault.code)))"
        }
        return callbacks
    }

    /// What the request that is to fail does in `bad`.
    private static func request(_ place: FaultPlace, _ fault: Fault) -> String {
        let target = "(global.set $target (local.get 0))"
        switch place {
        case .requestHeaders: return fault.code
        case .rootCreate, .vmStart, .configure: return "unreachable"
        case .tick: return target + Guest.pause
        case .callResponse: return target + Guest.call() + Guest.pause
        case .foreignFunction:
            return target + "(drop (call $foreign {\(CallBack.name)} {hello}))" + Guest.pause
        case .grpcInitialMetadata, .grpcReceive, .grpcTrailingMetadata, .grpcClose:
            return target + Guest.grpcStream("Two") + Guest.pause
        case .queueReady:
            return target + "(drop (call $enqueue_shared_queue (i32.load (i32.const 276)) {item}))" + Guest.pause
        default: return target
        }
    }

    static let fields = "(global $bad (mut i32) (i32.const 0)) (global $target (mut i32) (i32.const 0))"
}
