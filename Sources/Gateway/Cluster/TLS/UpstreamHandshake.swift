import NIOCore
import NIOSSL
import NIOTLS

/// Waits for the handshake on a connection to an upstream, looks at the peer's names, and only then lets the protocol
/// handlers in: nothing of a request leaves before.
final class UpstreamHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let tls: UpstreamTLS
    private let handler: NIOSSLClientHandler
    private let timeout: TimeAmount
    private let handlers: () -> [any ChannelHandler]
    private var completion: (((failure: UpstreamTLSFailure, error: any Error)?) -> Void)?
    private var isActive = false
    private var timer: Scheduled<Void>?

    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// `completion` is called once, unless there is no connection at all.
    init(
        _ tls: UpstreamTLS,
        handler: NIOSSLClientHandler,
        timeout: TimeAmount,
        handlers: @escaping () -> [any ChannelHandler],
        completion: @escaping ((failure: UpstreamTLSFailure, error: any Error)?) -> Void
    ) {
        self.tls = tls
        self.handler = handler
        self.timeout = timeout
        self.handlers = handlers
        self.completion = completion
    }

    func channelActive(context: ChannelHandlerContext) {
        self.isActive = true
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: self.timeout) {
            self.fail(context, .timeout, Refusal(description: "the handshake takes too long"))
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent, self.completion != nil else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        guard self.tls.accepts(self.handler.peerCertificate) else {
            let names = self.tls.configuration.subjectAltNames.joined(separator: ", ")
            self.fail(context, .name, Refusal(description: "its certificate has none of the names \(names)"))
            return
        }
        do {
            try context.pipeline.syncOperations.addHandlers(self.handlers())
        } catch {
            self.fail(context, .closed, error)
            return
        }
        self.finish(nil)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard self.completion != nil else {
            context.fireErrorCaught(error)
            return
        }
        self.fail(context, UpstreamTLSFailure(error), error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if self.isActive { self.finish((.closed, Refusal(description: "the peer closed during the handshake"))) }
        context.fireChannelInactive()
    }

    private func fail(_ context: ChannelHandlerContext, _ failure: UpstreamTLSFailure, _ error: any Error) {
        self.finish((failure, error))
        context.close(promise: nil)
    }

    private func finish(_ outcome: (failure: UpstreamTLSFailure, error: any Error)?) {
        self.timer?.cancel()
        self.timer = nil
        guard let completion = self.completion else { return }
        self.completion = nil
        completion(outcome)
    }
}

@available(*, unavailable)
extension UpstreamHandshake: Sendable {}
