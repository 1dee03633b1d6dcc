/// A point in time between the years 1 and 9999, in UTC.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Since the Unix epoch.
    package let seconds: Int64
    /// 0 ..< 1,000,000,000, onwards from `seconds`.
    package let nanoseconds: Int32

    static let first: Int64 = -62_135_596_800
    static let last: Int64 = 253_402_300_799

    /// Nil outside the years 1 to 9999.
    package init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard (Self.first...Self.last).contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Of nanoseconds since the epoch: every one is in range.
    package init(nanosecondsSinceEpoch total: Int64) {
        let (seconds, rest) = Self.floorDivide(total, 1_000_000_000)
        self.seconds = seconds
        self.nanoseconds = Int32(rest)
    }

    /// Nil when they do not fit in 64 bits (before 1678 or after 2261).
    package var nanosecondsSinceEpoch: Int64? {
        let (product, overflow) = self.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        let (sum, carry) = product.addingReportingOverflow(Int64(self.nanoseconds))
        return carry ? nil : sum
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// Nil when the result is out of range.
    func adding(_ duration: Duration) -> Timestamp? {
        let (seconds, rest) = Self.floorDivide(duration.nanoseconds, 1_000_000_000)
        let nanoseconds = Int64(self.nanoseconds) + rest
        let carry: Int64 = nanoseconds >= 1_000_000_000 ? 1 : 0
        return Timestamp(
            seconds: self.seconds + seconds + carry,
            nanoseconds: Int32(nanoseconds - carry * 1_000_000_000)
        )
    }

    /// Nil when the difference does not fit.
    func distance(from other: Timestamp) -> Duration? {
        let (product, overflow) = (self.seconds - other.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        let (sum, carry) = product.addingReportingOverflow(Int64(self.nanoseconds) - Int64(other.nanoseconds))
        return carry ? nil : Duration(nanoseconds: sum)
    }
}

/// A length of time in nanoseconds, up to 292 years either way.
package struct Duration: Sendable, Hashable, Comparable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Duration, right: Duration) -> Bool { left.nanoseconds < right.nanoseconds }
}
