import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A thread for work that blocks, so that it blocks nobody else.
package enum DetachedThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `body` on a thread of its own (inline when the system has no thread left to give).
    package static func start(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(run: body))
        let result = withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { buffer -> Int32 in
            guard let attributes = buffer.baseAddress, pthread_attr_init(attributes) == 0 else { return -1 }
            defer { pthread_attr_destroy(attributes) }
            pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
            // Compilers recurse deeply; the default of some systems (512 KiB, musl 128 KiB) is too little.
            pthread_attr_setstacksize(attributes, 8 << 20)
            #if canImport(Darwin)
            var thread: pthread_t?
            #else
            var thread: pthread_t = 0
            #endif
            return pthread_create(&thread, attributes, Self.entry, box.toOpaque())
        }
        if result != 0 { box.takeRetainedValue().run() }
    }

    #if canImport(Darwin)
    private static let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { argument in
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
    #else
    private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
    #endif
}

/// Lets one thread wait, for a bounded time, until another calls `signal`. A signal that nobody waits for is kept.
final class WakeUp: Sendable {
    private struct Pipe { var read: Int32, write: Int32 }
    private let pipe: Pipe

    init() {
        var ends: [Int32] = [-1, -1]
        if Self.open(&ends) {
            for end in ends {
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            }
        }
        self.pipe = Pipe(read: ends[0], write: ends[1])
    }

    deinit {
        if self.pipe.read >= 0 { _ = close(self.pipe.read) }
        if self.pipe.write >= 0 { _ = close(self.pipe.write) }
    }

    func signal() {
        // A full pipe means that a signal is pending already.
        var byte: UInt8 = 1
        guard self.pipe.write >= 0 else { return }
        _ = write(self.pipe.write, &byte, 1)
    }

    func wait(milliseconds: Int) {
        guard self.pipe.read >= 0 else {
            usleep(UInt32(clamping: milliseconds * 1000))
            return
        }
        var waiting = pollfd(fd: self.pipe.read, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(clamping: milliseconds)) > 0 else { return }
        var drained = [UInt8](repeating: 0, count: 64)
        _ = read(self.pipe.read, &drained, drained.count)
    }

    private static func open(_ ends: inout [Int32]) -> Bool {
        #if canImport(Glibc)
        Glibc.pipe(&ends) == 0
        #elseif canImport(Musl)
        Musl.pipe(&ends) == 0
        #else
        Darwin.pipe(&ends) == 0
        #endif
    }
}
