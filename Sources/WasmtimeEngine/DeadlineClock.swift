/// Bounds the CPU time of one outermost guest call without a clock call per guest call.
///
/// The engine's ticker makes a running guest ask `mayContinue` about every tick. The first ask of a
/// call notes the thread's CPU time, later ones compare. A call is so seen up to one tick late, which
/// the comparison allows for.
struct DeadlineClock {
    private var call: UInt64 = 0
    private var notedCall: UInt64 = 0
    private var notedNanoseconds: UInt64 = 0
    private(set) var deadlineMilliseconds: UInt32 = 0
    /// Set when `mayContinue` has said no; the call that ends by it clears it.
    var expired = false

    /// An outermost call begins.
    mutating func begin(_ deadlineMilliseconds: UInt32) {
        self.call &+= 1
        self.deadlineMilliseconds = deadlineMilliseconds
    }

    mutating func mayContinue(now: UInt64) -> Bool {
        guard self.notedCall == self.call else {
            self.notedCall = self.call
            self.notedNanoseconds = now
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
}
