import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Buffered output to a descriptor (standard output by default) that never makes a worker wait for a slow reader.
///
/// Writes are appended to a bounded buffer; a thread of its own sends it on when 64 KiB have gathered or about 200 ms
/// have passed. What does not fit is dropped whole and counted.
package final class OutputWriter: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var dropped: UInt64 = 0
        var stopping = false
        var stopped = false
    }

    private let state = Mutex(State())
    private let wake: WakeUp
    private let capacity: Int
    private let flushBytes: Int

    package static let standardOutput: Int32 = STDOUT_FILENO

    /// - Parameters:
    ///   - descriptor: Stays the caller's: it is never closed.
    ///   - capacity: Bytes that may wait.
    ///   - flushBytes: Gathered bytes at which the thread is woken early.
    ///   - intervalMilliseconds: Longest time that bytes wait while the descriptor takes them.
    package init(
        descriptor: Int32 = OutputWriter.standardOutput,
        capacity: Int = 1 << 20,
        flushBytes: Int = 64 << 10,
        intervalMilliseconds: Int = 200
    ) {
        self.capacity = capacity
        self.flushBytes = min(flushBytes, capacity)
        self.wake = WakeUp()
        DetachedThread.start { [self] in
            self.run(descriptor: descriptor, intervalMilliseconds: intervalMilliseconds)
        }
    }

    /// Takes the bytes, all or none of them.
    package func write(_ bytes: UnsafeRawBufferPointer) {
        let wakeUp = self.state.withLock { state -> Bool in
            guard !state.stopping, state.buffer.count + bytes.count <= self.capacity else {
                state.dropped += 1
                return false
            }
            let before = state.buffer.count
            state.buffer.append(contentsOf: bytes)
            return before < self.flushBytes && state.buffer.count >= self.flushBytes
        }
        if wakeUp { self.wake.signal() }
    }

    /// Writes that were dropped because the buffer was full (or the writer was closed).
    package var droppedWrites: UInt64 { self.state.withLock { $0.dropped } }

    /// Sends on what waits and ends the thread; later writes are dropped. Waits at most `timeoutMilliseconds`.
    package func close(timeoutMilliseconds: Int = 2000) {
        self.state.withLock { $0.stopping = true }
        self.wake.signal()
        var waited = 0
        while waited < timeoutMilliseconds, !self.state.withLock({ $0.stopped }) {
            usleep(2000)
            waited += 2
        }
    }

    private func run(descriptor: Int32, intervalMilliseconds: Int) {
        var sending: [UInt8] = []
        while true {
            // While the writer is open, bytes wait for company; a full buffer or `close` cuts the wait short.
            let stopping = self.state.withLock { $0.stopping }
            if !stopping { self.wake.wait(milliseconds: intervalMilliseconds) }
            sending.removeAll(keepingCapacity: true)
            self.state.withLock { swap(&$0.buffer, &sending) }
            if !sending.isEmpty { Self.send(sending, to: descriptor) }
            let done = self.state.withLock { state -> Bool in
                guard state.stopping, state.buffer.isEmpty else { return false }
                state.stopped = true
                return true
            }
            if done { return }
        }
    }

    private static func send(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count, let base = bytes.baseAddress {
                #if canImport(Glibc)
                let written = Glibc.write(descriptor, base + offset, bytes.count - offset)
                #elseif canImport(Musl)
                let written = Musl.write(descriptor, base + offset, bytes.count - offset)
                #else
                let written = Darwin.write(descriptor, base + offset, bytes.count - offset)
                #endif
                if written < 0 {
                    if errno == EINTR { continue }
                    guard errno == EAGAIN else { return }
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&waiting, 1, 1000)
                    continue
                }
                offset += written
            }
        }
    }
}
