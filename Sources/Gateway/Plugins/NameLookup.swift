import NIOPosix
import ProxyWasm
import Synchronization

/// One name being resolved, on a thread of its own pool: the system's resolver may block for as long as name servers do
/// not answer.
final class NameLookup: Sendable {
    /// Of the whole process, made by the first lookup and never ended. Names wait in it until a thread is free.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        return threads
    }()

    private let name: [UInt8]
    private let isCancelled = Atomic(false)

    init(_ name: [UInt8]) { self.name = name }

    /// `completion` runs on one of the threads, once, unless the lookup is cancelled.
    func start(_ completion: @escaping @Sendable ([ResolvedAddress]?) -> Void) {
        Self.threads.submit { _ in
            // One that nobody waits for must not keep the others waiting.
            guard !self.isCancelled.load(ordering: .relaxed) else { return }
            let addresses = SystemResolver.addresses(of: self.name)
            guard !self.isCancelled.load(ordering: .relaxed) else { return }
            completion(addresses)
        }
    }

    func cancel() { self.isCancelled.store(true, ordering: .relaxed) }
}
