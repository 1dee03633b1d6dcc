/// Bounds the CPU time of one outermost guest call without a clock call per guest call.
///
/// The engine's ticker makes a running guest ask `mayContinue` about every tick. The first ask of a
/// call notes the thread's CPU time, later ones compare. A call is so seen up to one tick late, which
/// the comparison allows for.
struct DeadlineClock {
    private var call: UInt64 = 0
    private var notedCall: UInt64 = 0
    private var notedNanoseconds: UInt64 = 0
    /// The clock has ticked between the call's begin and the first ask.
    private var notedLate = false
    private(set) var deadlineMilliseconds: UInt32 = 0
    /// Set when `mayContinue` has said no; the call that ends by it clears it.
    var expired = false

    /// An outermost call begins.
    mutating func begin(_ deadlineMilliseconds: UInt32) {
        self.call &+= 1
        self.deadlineMilliseconds = deadlineMilliseconds
    }

    /// `ticks`: of the engine's clock since the call began.
    mutating func mayContinue(now: UInt64, ticks: UInt32) -> Bool {
        guard self.notedCall == self.call else {
            self.notedCall = self.call
            self.notedNanoseconds = now
            self.notedLate = ticks > 0
            return true
        }
        let allowed = UInt64(self.deadlineMilliseconds) * 1_000_000
        let unseen = UInt64(WasmtimeEngine.tickMilliseconds) * 1_000_000
        // Another thread may have continued the work; its CPU clock says nothing about this one's.
        guard now >= self.notedNanoseconds else {
            self.notedNanoseconds = now
            return true
        }
        if now - self.notedNanoseconds + unseen <= allowed { return true }
        self.expired = true
        return false
    }

    /// CPU time of a call that has just ended and during which the clock ticked.
    ///
    /// One tick says nothing of how long the call took: it stands for a tick's length, which is right on average.
    /// Two do: then the time since the first ask is measured, and what came before it is half a tick on average, or
    /// nothing when the guest asked at once because the clock had ticked before the call.
    func nanoseconds(now: UInt64, ticks: UInt32) -> UInt64 {
        let tick = UInt64(WasmtimeEngine.tickMilliseconds) * 1_000_000
        guard ticks > 1, self.notedCall == self.call, now >= self.notedNanoseconds else { return tick }
        return now - self.notedNanoseconds + (self.notedLate ? tick / 2 : 0)
    }
}
