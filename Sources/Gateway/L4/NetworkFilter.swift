import NIOCore
import ProxyWasm

/// One plugin of type NETWORK in one connection's chain. Fills `ConnectionHost`.
final class NetworkFilter: ConnectionHost {
    /// The chain owns its filters and ends them.
    private unowned let chain: NetworkFilterChain
    let index: Int
    let instance: PluginInstance
    private var root: PluginRoot?
    private let context = StreamContext()
    /// The plugin knows the connection.
    private(set) var hasContext = false
    let downstream: NetworkFlow
    let upstream: NetworkFlow
    /// Paused by `on_new_connection`.
    var isOpeningPaused = false
    /// `on_new_connection` is under way.
    private(set) var isOpening = false
    private var openingResumeRequested = false
    private var isWaiting = false

    init(chain: NetworkFilterChain, index: Int, instance: PluginInstance, pool: BufferPool) {
        self.chain = chain
        self.index = index
        self.instance = instance
        self.downstream = NetworkFlow(pool: pool)
        self.upstream = NetworkFlow(pool: pool)
    }

    func flow(_ direction: NetworkDirection) -> NetworkFlow {
        direction == .downstream ? self.downstream : self.upstream
    }

    var isFailOpen: Bool { self.instance.failStrategy == .open }

    // MARK: Life in one connection

    /// Makes the plugin know the connection and asks it. Nil: it is left out.
    func open() -> CallbackResult<NetworkStatus>? {
        self.instance.requests &+= 1
        switch self.instance.admit() {
        case .serve(let root):
            self.root = root
            root.streamBegan()
            self.hasContext = true
            self.isOpening = true
            self.openingResumeRequested = false
            root.context.beginConnection(self.context, host: self)
            var result = self.context.onNewConnection()
            self.isOpening = false
            if self.openingResumeRequested, result == .status(.stopIteration) { result = .status(.continue) }
            return result
        case .skip:
            return nil
        case .deny:
            return .failed
        }
    }

    /// The plugin wants to see the bytes of that direction.
    func handlesData(_ direction: NetworkDirection) -> Bool {
        self.hasContext && self.context.handlesData(direction == .downstream ? .downstream : .upstream)
    }

    /// Shows what `flow` has; again when more arrived meanwhile.
    func data(_ direction: NetworkDirection) -> CallbackResult<NetworkStatus> {
        let flow = self.flow(direction)
        var result: CallbackResult<NetworkStatus>
        repeat {
            flow.moreArrived = false
            flow.resumeRequested = false
            flow.isInCallback = true
            result =
                direction == .downstream
                ? self.context.onDownstreamData(size: flow.body.count, endOfStream: flow.hasEnded)
                : self.context.onUpstreamData(size: flow.body.count, endOfStream: flow.hasEnded)
            if direction == .upstream, flow.hasEnded { self.upstreamEnded() }
            flow.isInCallback = false
        } while flow.moreArrived && result != .failed && self.hasContext
        if flow.resumeRequested, result == .status(.stopIteration) {
            self.released(direction)
            result = .status(.continue)
        }
        return result
    }

    /// The server's end has been seen here.
    func upstreamEnded() {
        if self.hasContext { self.context.onUpstreamConnectionClose(.unknown) }
    }

    func released(_ direction: NetworkDirection) {
        if self.hasContext { self.context.released(direction == .downstream ? .downstream : .upstream) }
    }

    /// The connection is over: close, done, log, delete.
    func close(_ peer: PeerType) {
        self.updateWaiting(ending: true)
        if self.hasContext {
            self.hasContext = false
            self.context.onDownstreamConnectionClose(peer)
            self.context.finish()
        }
        self.leave()
    }

    /// The VM is dead.
    func detachFailed() {
        self.updateWaiting(ending: true)
        if self.hasContext {
            self.hasContext = false
            self.context.abandon()
        }
        self.leave()
    }

    private func leave() {
        guard let root = self.root else { return }
        self.root = nil
        root.streamEnded()
    }

    /// While it pauses anything, the filter has to hear of the VM's death.
    func updateWaiting(ending: Bool = false) {
        let waits = !ending && (self.isOpeningPaused || self.downstream.isPaused || self.upstream.isPaused)
        guard waits != self.isWaiting, let root = self.root else { return }
        self.isWaiting = waits
        if waits { root.addWaiting(self) } else { root.removeWaiting(self) }
    }

    func vmFailedWhileWaiting() {
        guard self.hasContext else { return }
        self.isWaiting = false
        self.chain.filterFailedWhileWaiting(self)
    }

    // MARK: ConnectionHost

    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? {
        switch type {
        case .downstreamData: self.downstream.body
        case .upstreamData: self.upstream.body
        default: nil
        }
    }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        NetworkAttributes.get(path, of: self.chain.facts, node: self.chain.node, into: &attribute)
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        self.chain.facts.setProperty(path, value, as: declaration)
    }

    func continueStream(_ type: StreamType) {
        switch type {
        case .downstream:
            if self.isOpening { self.openingResumeRequested = true } else { self.chain.resume(.downstream, at: self) }
        case .upstream: self.chain.resume(.upstream, at: self)
        case .request, .response: break
        }
    }

    func closeStream() { self.chain.pluginCloses() }
}

@available(*, unavailable)
extension NetworkFilter: Sendable {}
