import Synchronization

/// Named FIFO queues shared by the VMs of one `vm_id`.
final class SharedQueueStore: Sendable {
    /// Bounds over the whole process, beside those of a `vm_id`; past either an operation fails with INTERNAL_FAILURE.
    static let maximumBytes = 64 << 20
    static let maximumQueues = 10_000
    static let maximumQueuesPerVMID = 1000
    /// Counted for every item on top of its bytes, so that empty items are bounded, too.
    static let itemOverhead = 64

    private struct Name: Hashable {
        var vmID: String
        var name: [UInt8]
    }

    private struct Queue {
        var name: Name
        var items: [[UInt8]] = []
        /// Items before it are taken.
        var head = 0
        var mailbox: QueueMailbox
        var contextID: UInt32
    }

    /// What the queues of one `vm_id` hold.
    private struct Space {
        var queues = 0
        var items = 0
        var bytes = 0
    }

    private struct State {
        var ids: [Name: UInt32] = [:]
        var queues: [UInt32: Queue] = [:]
        var spaces: [String: Space] = [:]
        var lastID: UInt32 = 0
        var bytes = 0
    }

    private let state = Mutex(State())

    /// Creates or reopens; the latest registrant gets the notifications. Nil: too many queues.
    func register(vmID: String, name: [UInt8], mailbox: QueueMailbox, contextID: UInt32) -> UInt32? {
        self.state.withLock { state in
            let name = Name(vmID: vmID, name: name)
            if let id = state.ids[name] {
                state.queues[id]?.mailbox = mailbox
                state.queues[id]?.contextID = contextID
                return id
            }
            guard state.queues.count < Self.maximumQueues,
                state.spaces[vmID, default: Space()].queues < Self.maximumQueuesPerVMID
            else { return nil }
            state.spaces[vmID, default: Space()].queues += 1
            repeat { state.lastID &+= 1 } while state.lastID == 0 || state.queues[state.lastID] != nil
            state.ids[name] = state.lastID
            state.queues[state.lastID] = Queue(name: name, mailbox: mailbox, contextID: contextID)
            return state.lastID
        }
    }

    func resolve(vmID: String, name: [UInt8]) -> UInt32? {
        self.state.withLock { $0.ids[Name(vmID: vmID, name: name)] }
    }

    /// `limits`: those of whoever puts the item in, for what the queue's `vm_id` holds.
    func enqueue(_ id: UInt32, _ item: [UInt8], limits: VMLimits = VMLimits()) -> Status {
        let target: (QueueMailbox, UInt32)? = self.state.withLock { state in
            // Parts, not the queue itself: with a copy of it alive, an item more would copy all items.
            let known = state.queues[id].map { ($0.name.vmID, $0.mailbox, $0.contextID) }
            guard let (vmID, mailbox, contextID) = known else { return nil }
            let size = item.count + Self.itemOverhead
            let space = state.spaces[vmID, default: Space()]
            guard state.bytes + size <= Self.maximumBytes, UInt64(space.bytes + size) <= limits.sharedQueueBytes,
                space.items < Int(limits.sharedQueueItems)
            else { return (mailbox, 0) }
            state.bytes += size
            state.spaces[vmID, default: Space()].bytes += size
            state.spaces[vmID, default: Space()].items += 1
            state.queues[id]?.items.append(item)
            return (mailbox, contextID)
        }
        guard let (mailbox, contextID) = target else { return .notFound }
        guard contextID != 0 else { return .internalFailure }
        mailbox.post(QueueEvent(contextID: contextID, queueID: id))
        return .ok
    }

    /// The next item; nil with `.notFound` (no such queue) or `.empty`.
    func dequeue(_ id: UInt32) -> (item: [UInt8]?, status: Status) {
        self.state.withLock { state in
            guard let vmID = state.queues[id]?.name.vmID else { return (nil, .notFound) }
            let item: [UInt8]? = Self.takeFirst(&state.queues[id])
            guard let item else { return (nil, .empty) }
            state.bytes -= item.count + Self.itemOverhead
            state.spaces[vmID, default: Space()].bytes -= item.count + Self.itemOverhead
            state.spaces[vmID, default: Space()].items -= 1
            return (item, .ok)
        }
    }

    func removeAll(vmID: String) {
        self.state.withLock { state in
            for (id, queue) in state.queues where queue.name.vmID == vmID {
                for item in queue.items[queue.head...] { state.bytes -= item.count + Self.itemOverhead }
                state.ids[queue.name] = nil
                state.queues[id] = nil
            }
            state.spaces[vmID] = nil
        }
    }

    private static func takeFirst(_ queue: inout Queue?) -> [UInt8]? {
        guard let head = queue?.head, let count = queue?.items.count, head < count else { return nil }
        let item = queue?.items[head]
        queue?.items[head] = []
        queue?.head = head + 1
        if head + 1 == count {
            queue?.items.removeAll(keepingCapacity: count < 1024)
            queue?.head = 0
        } else if head > 256, head * 2 > count {
            queue?.items.removeFirst(head + 1)
            queue?.head = 0
        }
        return item
    }
}

/// "There is something in that queue", for a root context.
struct QueueEvent: Sendable {
    var contextID: UInt32
    var queueID: UInt32
}

/// Where other threads leave queue events for one VM.
final class QueueMailbox: Sendable {
    /// More waiting events than this are dropped; the items themselves stay in their queues.
    static let maximumEvents = 100_000

    private let events = Mutex<(list: [QueueEvent], head: Int)>(([], 0))
    private let isSignaled = Atomic(false)
    private let waker: (@Sendable () -> Void)?

    init(waker: (@Sendable () -> Void)?) {
        self.waker = waker
    }

    /// Cheap: one relaxed load.
    var hasEvents: Bool { self.isSignaled.load(ordering: .relaxed) }

    func post(_ event: QueueEvent) {
        let isFirst = self.events.withLock { events in
            guard events.list.count - events.head < Self.maximumEvents else { return false }
            events.list.append(event)
            self.isSignaled.store(true, ordering: .relaxed)
            return events.list.count - events.head == 1
        }
        if isFirst { self.waker?() }
    }

    func take() -> QueueEvent? {
        guard self.hasEvents else { return nil }
        return self.events.withLock { events in
            guard events.head < events.list.count else {
                self.isSignaled.store(false, ordering: .relaxed)
                return nil
            }
            let event = events.list[events.head]
            events.head += 1
            if events.head == events.list.count {
                events.list.removeAll(keepingCapacity: true)
                events.head = 0
                self.isSignaled.store(false, ordering: .relaxed)
            }
            return event
        }
    }
}
