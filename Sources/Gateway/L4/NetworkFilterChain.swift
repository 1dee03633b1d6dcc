import NIOCore
import ProxyWasm

/// What a chain asks of the connection it belongs to.
protocol NetworkFilterOwner: AnyObject {
    /// Every plugin has let the connection pass.
    func filtersOpened()
    /// Bytes that are through the chain, or the end of that direction.
    func filtersPassed(_ direction: NetworkDirection, _ data: ByteBuffer, end: Bool)
    /// Close both sides; `flush`: after what has been written has left.
    func filtersClose(flush: Bool, details: StaticString)
    /// What the chain holds has changed: reading may have to stop, or may go on.
    func filtersHoldChanged()
}

/// The NETWORK plugins of one connection. A client's bytes pass them in order, a server's backwards.
final class NetworkFilterChain {
    let facts: ConnectionInfo
    private let listener: WorkerListener
    /// Keeps the configuration that the connection began with, to its end.
    private let generation: WorkerGeneration
    private let limit: Int
    /// Who the gateway is.
    let node: NodeIdentity
    private weak var owner: (any NetworkFilterOwner)?
    private var filters: [NetworkFilter] = []
    private(set) var isOpen = false
    private(set) var isClosed = false
    /// Walks under way, and whether a plugin has asked for the end in one.
    private var depth = 0
    private var closeIsDue = false

    init(
        worker: Worker, listener: WorkerListener, generation: WorkerGeneration, facts: ConnectionInfo,
        owner: any NetworkFilterOwner
    ) {
        self.facts = facts
        self.listener = listener
        self.generation = generation
        self.limit = worker.options.bufferLimitBytes
        self.node = worker.options.node
        self.owner = owner
        self.filters = listener.networkChain.enumerated().map { index, instance in
            NetworkFilter(chain: self, index: index, instance: instance, pool: worker.buffers)
        }
    }

    /// A plugin holds so much of that direction that no more should be read.
    func holdsLimit(_ direction: NetworkDirection) -> Bool {
        self.filters.contains { $0.flow(direction).heldBytes >= self.limit }
    }

    // MARK: The connection's beginning

    func begin() { self.open(from: 0) }

    private func open(from start: Int) {
        self.depth += 1
        defer { self.leave() }
        for filter in self.filters[start...] {
            guard !self.isClosed, !self.closeIsDue else { return }
            switch filter.open() {
            case nil, .status(.continue):
                break
            case .status(.stopIteration):
                filter.isOpeningPaused = true
                filter.updateWaiting()
                return
            case .failed:
                guard self.goesOnWithout(filter) else { return }
            }
        }
        guard !self.isClosed, !self.closeIsDue else { return }
        self.isOpen = true
        self.owner?.filtersOpened()
    }

    // MARK: Bytes

    /// Bytes from a side of the connection, or the end of that side.
    func run(_ direction: NetworkDirection, _ data: ByteBuffer, end: Bool) {
        self.walk(direction, from: direction == .downstream ? 0 : self.filters.count - 1, data, end: end)
    }

    private func walk(_ direction: NetworkDirection, from start: Int, _ data: ByteBuffer, end: Bool) {
        guard !self.isClosed else { return }
        self.depth += 1
        defer { self.leave() }
        var data = data
        var index = start
        while self.filters.indices.contains(index) {
            let filter = self.filters[index]
            let flow = filter.flow(direction)
            index += direction == .downstream ? 1 : -1
            if flow.isInCallback {
                flow.body.append(data)
                flow.hasEnded = flow.hasEnded || end
                flow.moreArrived = true
                return
            }
            guard filter.handlesData(direction) else {
                if end, direction == .upstream { filter.upstreamEnded() }
                if self.isClosed { return }
                continue
            }
            if data.readableBytes > 0 { flow.body.append(data) }
            flow.hasEnded = flow.hasEnded || end
            switch filter.data(direction) {
            case .status(.continue):
                if self.isClosed { return }
                flow.isPaused = false
                filter.updateWaiting()
                data = flow.body.take()
            case .status(.stopIteration):
                if self.isClosed { return }
                self.pause(flow, of: filter)
                return
            case .failed:
                if self.isClosed { return }
                let held = flow.body.take()
                guard self.goesOnWithout(filter) else { return }
                data = held
            }
        }
        self.owner?.filtersPassed(direction, data, end: end)
    }

    private func pause(_ flow: NetworkFlow, of filter: NetworkFilter) {
        flow.isPaused = true
        filter.updateWaiting()
        if flow.body.count > 2 * self.limit {
            self.owner?.filtersClose(flush: false, details: "wasm_buffer_limit")
        } else if flow.body.count >= self.limit {
            self.owner?.filtersHoldChanged()
        }
    }

    /// A plugin continues what it had paused; what it held goes to the next filter.
    func resume(_ direction: NetworkDirection, at filter: NetworkFilter) {
        guard !self.isClosed else { return }
        if direction == .downstream, filter.isOpeningPaused {
            filter.isOpeningPaused = false
            filter.updateWaiting()
            self.open(from: filter.index + 1)
            return
        }
        let flow = filter.flow(direction)
        if flow.isInCallback {
            flow.resumeRequested = true
            return
        }
        guard flow.isPaused else { return }
        filter.released(direction)
        self.release(flow, direction, at: filter)
    }

    private func release(_ flow: NetworkFlow, _ direction: NetworkDirection, at filter: NetworkFilter) {
        flow.isPaused = false
        filter.updateWaiting()
        let next = filter.index + (direction == .downstream ? 1 : -1)
        self.walk(direction, from: next, flow.body.take(), end: flow.hasEnded)
        if !self.isClosed { self.owner?.filtersHoldChanged() }
    }

    // MARK: Failure and end

    /// A plugin has failed. False: its failStrategy ended the connection.
    private func goesOnWithout(_ filter: NetworkFilter) -> Bool {
        filter.detachFailed()
        if filter.isFailOpen { return true }
        self.owner?.filtersClose(flush: false, details: "wasm_fail_stream")
        return false
    }

    /// The VM died while the plugin paused something: that is answered now, not at the next event.
    func filterFailedWhileWaiting(_ filter: NetworkFilter) {
        guard !self.isClosed, self.goesOnWithout(filter) else { return }
        if filter.isOpeningPaused {
            filter.isOpeningPaused = false
            self.open(from: filter.index + 1)
        }
        for direction in [NetworkDirection.downstream, .upstream] where !self.isClosed {
            let flow = filter.flow(direction)
            if flow.isPaused { self.release(flow, direction, at: filter) }
        }
    }

    /// `proxy_close_stream`. What the running callback lets pass is still written.
    func pluginCloses() {
        guard !self.isClosed else { return }
        if self.depth > 0 { self.closeIsDue = true } else { self.closeForPlugin() }
    }

    private func closeForPlugin() { self.owner?.filtersClose(flush: true, details: "wasm_close_stream") }

    private func leave() {
        self.depth -= 1
        guard self.depth == 0, self.closeIsDue, !self.isClosed else { return }
        self.closeIsDue = false
        self.closeForPlugin()
    }

    /// The connection is over: every plugin that knows it hears of it. More than once: no effect.
    func close(_ peer: PeerType) {
        guard !self.isClosed else { return }
        self.isClosed = true
        for filter in self.filters {
            filter.close(peer)
            filter.downstream.clear()
            filter.upstream.clear()
        }
    }
}

@available(*, unavailable)
extension NetworkFilterChain: Sendable {}
