#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Somebody uses a module of the cache: as long as this lives no process deletes it. The kernel counts (`flock`), so a
/// process that crashes leaves nothing behind.
package final class CacheLease: Sendable {
    let descriptor: Int32

    /// Nil when the file is not there, or is being deleted.
    init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        // Whoever deletes has the lock for an instant only, and the file is gone then.
        var opened = stat()
        var named = stat()
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0, fstat(descriptor, &opened) == 0, stat(path, &named) == 0,
            opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
        else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        self.touch()
    }

    /// Its time of last use is now.
    private func touch() { futimens(self.descriptor, nil) }

    deinit {
        self.touch()
        close(self.descriptor)
    }
}
