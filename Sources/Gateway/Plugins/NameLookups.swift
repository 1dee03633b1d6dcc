import NIOCore
import ProxyWasm

/// The host names that one VM's plugins want resolved.
final class NameLookups {
    private static let maximumNameBytes = 255

    private let eventLoop: any EventLoop
    /// The way to the VM, as long as there is one.
    private let vm: () -> PluginVM?
    private var lookups: [UInt32: NameLookup] = [:]
    private var isOver = false

    init(eventLoop: any EventLoop, vm: @escaping () -> PluginVM?) {
        self.eventLoop = eventLoop
        self.vm = vm
    }

    func start(token: UInt32, name: UnsafeRawBufferPointer) -> Status {
        guard !self.isOver else { return .internalFailure }
        let lookup = NameLookup(Array(name))
        self.lookups[token] = lookup
        let eventLoop = self.eventLoop
        let reference = NIOLoopBound(self, eventLoop: eventLoop)
        if name.isEmpty || name.count > Self.maximumNameBytes {
            // Needs no resolver, but comes later all the same.
            let addresses: [ResolvedAddress]? = name.isEmpty ? [] : nil
            eventLoop.execute { reference.value.ended(token, addresses) }
        } else {
            lookup.start { addresses in eventLoop.execute { reference.value.ended(token, addresses) } }
        }
        return .ok
    }

    private func ended(_ token: UInt32, _ addresses: [ResolvedAddress]?) {
        guard self.lookups.removeValue(forKey: token) != nil else { return }
        self.vm()?.nameResolved(token: token, addresses: addresses)
    }

    func cancel(token: UInt32) { self.lookups.removeValue(forKey: token)?.cancel() }

    func cancelAll() {
        self.isOver = true
        for lookup in self.lookups.values { lookup.cancel() }
        self.lookups = [:]
    }
}

@available(*, unavailable)
extension NameLookups: Sendable {}
