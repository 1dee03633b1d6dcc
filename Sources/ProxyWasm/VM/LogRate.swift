/// A token bucket for log lines and their bytes: a second's worth may come at once. What does not fit is counted and
/// told in one line a second.
struct LogRate {
    struct Suppressed: Equatable {
        var lines: UInt64 = 0
        var bytes: UInt64 = 0
    }

    private var lines = 0.0
    private var bytes = 0.0
    /// Nanoseconds; 0 before the first line.
    private var filledAt: UInt64 = 0
    private var suppressed = Suppressed()
    private var suppressedSince: UInt64 = 0

    /// Whether a line of that length may be written now.
    mutating func admits(_ count: Int, _ limits: VMLimits, now: UInt64) -> Bool {
        self.fill(limits, now)
        // A line longer than a second's bytes may go when the bucket is full enough to have any.
        guard self.lines >= 1, self.bytes > 0 else {
            if self.suppressed.lines == 0 { self.suppressedSince = now }
            self.suppressed.lines &+= 1
            self.suppressed.bytes &+= UInt64(clamping: count)
            return false
        }
        self.lines -= 1
        self.bytes -= Double(count)
        return true
    }

    /// What has been suppressed, if that began a second ago; it is forgotten then.
    mutating func takeSuppressed(now: UInt64) -> Suppressed? {
        guard self.suppressed.lines > 0, now &- self.suppressedSince >= 1_000_000_000 else { return nil }
        defer { self.suppressed = Suppressed() }
        return self.suppressed
    }

    private mutating func fill(_ limits: VMLimits, _ now: UInt64) {
        let seconds = self.filledAt == 0 ? 1 : Double(now &- self.filledAt) / 1_000_000_000
        self.filledAt = max(now, 1)
        self.lines = min(self.lines + seconds * Double(limits.logLinesPerSecond), Double(limits.logLinesPerSecond))
        self.bytes = min(self.bytes + seconds * Double(limits.logBytesPerSecond), Double(limits.logBytesPerSecond))
    }
}
