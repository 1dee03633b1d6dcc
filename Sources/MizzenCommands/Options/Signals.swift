import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// SIGTERM and SIGINT as events instead of death.
enum Signals {
    /// From now on these signals arrive here, for as long as someone iterates.
    static func terminations() -> AsyncStream<Int32> {
        // A peer that went away is an error of one write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        return AsyncStream(bufferingPolicy: .bufferingNewest(8)) { continuation in
            let sources = [SIGTERM, SIGINT].map { number in
                // The default action has to go, or the process ends before the source hears of it.
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return UncheckedSource(source)
            }
            continuation.onTermination = { _ in
                for source in sources { source.source.cancel() }
            }
        }
    }

    static func name(_ number: Int32) -> String {
        switch number {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        default: "signal \(number)"
        }
    }

    /// Ends the process at once, as the signal would have.
    static func exitNow(_ number: Int32) -> Never { _exit(128 + number) }

    /// Dispatch sources may be cancelled from any thread; the protocol does not say so.
    private struct UncheckedSource: @unchecked Sendable {
        let source: any DispatchSourceSignal
        init(_ source: any DispatchSourceSignal) { self.source = source }
    }
}
