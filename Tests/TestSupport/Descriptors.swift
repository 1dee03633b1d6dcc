import Synchronization

/// Keeps file descriptors of tests out of child processes that other tests start.
package enum Descriptors {
    private static let spawning = Mutex(())

    /// Runs a short step that makes a descriptor and marks it close-on-exec. No child starts meanwhile: an
    /// inherited copy would hold a connection open that a test wants closed.
    package static func withoutSpawning<Result>(_ step: () -> Result) -> Result {
        self.spawning.withLock { _ in step() }
    }
}
