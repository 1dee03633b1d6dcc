import NIOCore
import NIOSSL
import NIOTLS
import ProxyWasm

/// The beginning of a connection to a TLS listener: reads the server name, picks the filter chain, and either ends TLS
/// here or leaves it alone. When that is done it installs what comes next and goes.
final class TLSAcceptor: ChannelInboundHandler, RemovableChannelHandler, ServerConnection {
    typealias InboundIn = ByteBuffer

    private let worker: Worker
    private let listener: WorkerListener
    private let tls: TLSListener
    let listenerName: String
    private var context: ChannelHandlerContext?
    private var chain: TLSFilterChain?
    private var security = ConnectionSecurity()
    private let began: UInt32
    private var isOver = false

    /// A ClientHello is a record; no larger one is waited for.
    private static let maximumHelloBytes = 17 << 10

    init(worker: Worker, listener: WorkerListener, tls: TLSListener, listenerName: String) {
        self.worker = worker
        self.listener = listener
        self.tls = tls
        self.listenerName = listenerName
        self.began = worker.coarseSeconds
    }

    func install(on channel: any Channel) throws {
        let acceptor = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let eventLoop = channel.eventLoop
        let reader = SNIHandler { result in
            acceptor.value.serverNameKnown(result)
                ? eventLoop.makeSucceededVoidFuture() : eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        let operations = channel.pipeline.syncOperations
        try operations.addHandler(ByteToMessageHandler(reader, maximumBufferSize: Self.maximumHelloBytes))
        try operations.addHandler(self)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.worker.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.isOver = true
        self.worker.remove(self)
    }

    // MARK: Server name

    /// False: the connection is being closed.
    private func serverNameKnown(_ result: SNIResult) -> Bool {
        guard let context = self.context, !self.isOver else { return false }
        var serverName: String?
        if case .hostname(let name) = result {
            serverName = name.lowercased()
            self.security.requestedServerName = Array(name.lowercased().utf8)
        }
        guard let chain = self.tls.chain(for: serverName) else {
            self.refuse(flags: "NR", details: "filter_chain_not_found")
            return false
        }
        self.chain = chain
        do {
            if chain.passesThrough {
                try self.installTarget(of: chain, context)
            } else if let tls = chain.tls {
                let handler = NIOSSLServerHandler(context: tls.context)
                try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
            } else {
                self.refuse(flags: "NR", details: "no_certificate")
                return false
            }
        } catch {
            self.refuse(flags: "NR", details: "filter_chain_failed")
            return false
        }
        return true
    }

    // MARK: Handshake

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted(let negotiated) = event, let chain = self.chain, !self.isOver else {
            return context.fireUserInboundEventTriggered(event)
        }
        self.security.negotiatedProtocol = Array((negotiated ?? "").utf8)
        if let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self) {
            self.security.version = ConnectionSecurity.name(of: handler.tlsVersion)
            self.security.peer = handler.peerCertificate.flatMap { CertificateFacts($0) }
            self.security.local = chain.tls?.local
            if handler.peerCertificate != nil, self.security.peer == nil {
                return self.refuse(flags: "DPE", details: "client_certificate_unreadable")
            }
        }
        guard chain.tls?.accepts(self.security.peer) ?? false else {
            return self.refuse(flags: "UAEX", details: "client_certificate_name")
        }
        do {
            try self.installTarget(of: chain, context)
        } catch {
            self.refuse(flags: "NR", details: "filter_chain_failed")
        }
    }

    /// Adds the handlers of the chain behind this one, which then goes. Nothing of the client's is lost: what has not
    /// been read yet comes to them.
    private func installTarget(of chain: TLSFilterChain, _ context: ChannelHandlerContext) throws {
        self.isOver = true
        self.worker.replace(self)
        switch chain.target {
        case .http:
            try self.worker.installHTTP(
                on: context.channel,
                self.listener,
                listenerName: self.listenerName,
                filterChainName: chain.name,
                security: self.security
            )
        case .tcp(let route):
            try self.worker.installTCP(
                on: context.channel,
                self.listener,
                route,
                listenerName: self.listenerName,
                filterChainName: chain.name,
                security: self.security
            )
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    // MARK: Trouble

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !self.isOver else { return context.fireErrorCaught(error) }
        self.refuse(flags: "DPE", details: self.chain == nil ? "client_hello_invalid" : "tls_handshake_failed")
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.refuse(flags: "DC", details: "closed_in_tls_handshake")
        context.fireChannelInactive()
    }

    private func refuse(flags: StaticString, details: StaticString) {
        guard !self.isOver, let context = self.context else { return }
        self.isOver = true
        self.worker.remove(self)
        self.worker.statistics.tcp.tlsFailures &+= 1
        let facts = ConnectionInfo(
            connectionID: 0,
            listenerName: self.listenerName,
            filterChainName: self.chain?.name ?? self.listenerName,
            channel: context.channel,
            security: self.security
        )
        facts.flags = flags
        facts.details = details
        TCPAccessLog.write(facts, worker: self.worker)
        context.close(promise: nil)
    }

    // MARK: ServerConnection

    func checkTimeouts() {
        if self.worker.coarseSeconds &- self.began > self.worker.options.tlsHandshakeTimeoutSeconds {
            self.refuse(flags: "-", details: "tls_handshake_timeout")
        }
    }

    func drain() { self.closeNow() }

    func closeNow() { self.refuse(flags: "-", details: "draining") }
}

@available(*, unavailable)
extension TLSAcceptor: Sendable {}
