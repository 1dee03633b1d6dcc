#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The two clocks of the data path, nanoseconds.
enum Clock {
    @inline(__always)
    static func monotonic() -> UInt64 { self.read(CLOCK_MONOTONIC) }

    @inline(__always)
    static func wall() -> UInt64 { self.read(CLOCK_REALTIME) }

    @inline(__always)
    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
