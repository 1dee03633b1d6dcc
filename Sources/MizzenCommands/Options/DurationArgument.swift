import ArgumentParser

/// A time on the command line: `250ms`, `30s`, `2m`, or a bare number in the option's own unit.
struct DurationArgument: ExpressibleByArgument, Sendable, Equatable {
    /// A bare number; its unit is the option's.
    private var bare: Bool
    private var amount: UInt64
    /// Longest time that is understood, in milliseconds: a day.
    private static let maximumMilliseconds: UInt64 = 86_400_000

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let factors: [String: UInt64] = ["ms": 1, "s": 1000, "m": 60_000, "": 1]
        guard let amount = UInt64(digits), amount <= Self.maximumMilliseconds,
            let factor = factors[String(argument.dropFirst(digits.count))]
        else { return nil }
        self.bare = digits.count == argument.count
        self.amount = min(amount * factor, Self.maximumMilliseconds)
    }

    init(milliseconds: UInt64) {
        self.bare = false
        self.amount = milliseconds
    }

    /// The time, where a bare number counts milliseconds.
    var milliseconds: UInt64 { self.amount }

    /// The time rounded up to seconds, where a bare number counts seconds.
    var seconds: UInt64 { self.bare ? self.amount : (self.amount + 999) / 1000 }

    var defaultValueDescription: String {
        self.amount % 1000 == 0 ? "\(self.amount / 1000)s" : "\(self.amount)ms"
    }
}
