import Foundation
import Glibc

/// A point in time after which waiting is given up. Generous everywhere: a busy machine must not fail a test.
package struct Deadline: Sendable {
    package let instant: ContinuousClock.Instant

    package static func seconds(_ seconds: Double) -> Deadline {
        Deadline(instant: .now + .milliseconds(Int(seconds * 1000)))
    }

    /// The one most waits use.
    package static var usual: Deadline { .seconds(30) }

    package var isPast: Bool { ContinuousClock.now >= self.instant }

    /// For `poll(2)`, never negative, rounded up so that a wait does not end early.
    package var remainingMilliseconds: Int32 {
        let left = ContinuousClock.now.duration(to: self.instant).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
        return Int32(clamping: max(0, milliseconds))
    }
}

/// What goes wrong in the harness itself, with enough text to see why.
package struct HarnessError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }

    package static func system(_ what: String) -> HarnessError {
        HarnessError("\(what): \(String(cString: strerror(errno)))")
    }
}

/// Asks again and again until `condition` gives a value; throws with `what` when the deadline passes.
@discardableResult
package func poll<Value>(
    _ what: @autoclosure () -> String,
    until deadline: Deadline = .usual,
    _ condition: () throws -> Value?
) throws -> Value {
    while true {
        if let value = try condition() { return value }
        if deadline.isPast { throw HarnessError("gave up waiting: \(what())") }
        usleep(10_000)
    }
}

/// The same for a plain condition.
package func poll(
    _ what: @autoclosure () -> String,
    until deadline: Deadline = .usual,
    isTrue condition: () throws -> Bool
) throws {
    try poll(what(), until: deadline) { try condition() ? true : nil }
}
