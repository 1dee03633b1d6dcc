import Foundation
import Glibc
import Synchronization

/// Whatever a failing, interrupted or shared fixture leaves behind ends with the test process.
enum AtExit {
    static let processes = Mutex<Set<pid_t>>([])
    static let directories = Mutex<Set<String>>([])

    /// Touched once by everything that registers something.
    static let install: Void = {
        atexit {
            for identifier in AtExit.processes.withLock({ $0 }) { kill(identifier, SIGKILL) }
            for path in AtExit.directories.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
        }
    }()
}
