import NIOCore
import NIOHTTP1

/// Collects a request, asks for the answer, writes it. The pipelining handler before it hands over one at a time.
final class SmallHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case reading(HTTPRequestHead)
        /// The rest of a refused request is thrown away.
        case discarding
        case answering
    }

    private let limits: SmallHTTPServer.Limits
    private let responder: SmallHTTPServer.Responder
    private var state = State.idle
    private var body = ByteBuffer()
    private var timer: Scheduled<Void>?

    init(limits: SmallHTTPServer.Limits, responder: @escaping SmallHTTPServer.Responder) {
        self.limits = limits
        self.responder = responder
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.arm(context, seconds: self.limits.idleSeconds)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.unwrapInboundIn(data), self.state) {
        case (.head(let head), .idle):
            self.arm(context, seconds: self.limits.requestSeconds)
            let announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
            guard announced <= self.limits.bodyBytes else { return self.refuse(context) }
            self.body = ByteBuffer()
            self.state = .reading(head)
            if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                let head = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(self.wrapOutboundOut(.head(head)), promise: nil)
            }
        case (.body(var bytes), .reading):
            guard self.body.readableBytes + bytes.readableBytes <= self.limits.bodyBytes else {
                return self.refuse(context)
            }
            self.body.writeBuffer(&bytes)
        case (.end, .reading(let head)):
            self.timer?.cancel()
            self.state = .answering
            let body = self.body
            self.body = ByteBuffer()
            self.answer(context, head: head, body: body)
        default:
            break
        }
    }

    private func answer(_ context: ChannelHandlerContext, head: HTTPRequestHead, body: ByteBuffer) {
        let request = SmallHTTPRequest(head: head, body: body, remoteAddress: context.channel.remoteAddress)
        // Both run on the connection's loop, and the handler lives as long as the pipeline that it is in.
        self.responder(request, context.eventLoop).hop(to: context.eventLoop).assumeIsolated().whenComplete { result in
            guard context.channel.isActive else { return }
            var response: SmallHTTPResponse
            switch result {
            case .success(let value): response = value
            case .failure(let error):
                response = SmallHTTPResponse(
                    status: .internalServerError,
                    body: ByteBuffer(string: "internal error: \(error)\n")
                )
            }
            self.write(context, &response, to: head, close: !head.isKeepAlive)
        }
    }

    private func write(
        _ context: ChannelHandlerContext,
        _ response: inout SmallHTTPResponse,
        to head: HTTPRequestHead,
        close: Bool
    ) {
        response.headers.replaceOrAdd(name: "content-length", value: String(response.body.readableBytes))
        if close {
            response.headers.replaceOrAdd(name: "connection", value: "close")
        } else if head.version != .http1_1 {
            response.headers.replaceOrAdd(name: "connection", value: "keep-alive")
        }
        // An answer to HTTP/1.0 says 1.1, as RFC 9110 6.2 has it; the framing (content-length) suits both.
        let answer = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        context.write(self.wrapOutboundOut(.head(answer)), promise: nil)
        if head.method != .HEAD, response.body.readableBytes > 0 {
            context.write(self.wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        }
        self.state = close ? .discarding : .idle
        let written = context.writeAndFlush(self.wrapOutboundOut(.end(nil)))
        if close {
            written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        } else if case .idle = self.state {
            self.arm(context, seconds: self.limits.idleSeconds)
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.state = .discarding
        var headers = HTTPHeaders()
        let body = ByteBuffer(string: "the body is too large: at most \(self.limits.bodyBytes) bytes\n")
        headers.add(name: "content-type", value: "text/plain; charset=utf-8")
        headers.add(name: "content-length", value: String(body.readableBytes))
        headers.add(name: "connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: .payloadTooLarge, headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// One timer at a time: for the next request to begin, or for this one to end.
    private func arm(_ context: ChannelHandlerContext, seconds: Int64) {
        self.timer?.cancel()
        let channel = context.channel
        self.timer = context.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    }
}
