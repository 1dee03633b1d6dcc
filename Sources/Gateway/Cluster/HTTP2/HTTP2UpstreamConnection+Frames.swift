import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyWasm

// What an upstream sends.

extension HTTP2UpstreamConnection {
    func receive(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .headers(let headers):
            self.receive(headers, frame.streamID)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            self.receive(bytes, frame.streamID, endOfStream: data.endStream)
        case .rstStream(let code):
            self.receivedReset(code, frame.streamID)
        case .goAway(let lastStreamID, _, _):
            self.receivedGoAway(lastStreamID)
        case .settings(.settings(let settings)):
            for setting in settings where setting.parameter == .maxConcurrentStreams {
                self.maximumStreams = setting.value
            }
        default:
            break
        }
    }

    private func receive(_ headers: HTTP2Frame.FramePayload.Headers, _ streamID: HTTP2StreamID) {
        guard let exchange = self.exchanges[streamID], let receiver = exchange.receiver else { return }
        if exchange.responseStarted {
            let trailers = HeaderMap()
            guard headers.endStream,
                HTTP2FieldMapping.fill(trailers, from: headers.headers, maximumCount: self.maximumFields)
            else { return self.refuse(exchange, streamID) }
            self.ended(exchange, streamID)
            receiver.upstreamTrailers(trailers)
            return
        }
        let map = receiver.upstreamHeaders
        map.removeAll()
        guard HTTP2FieldMapping.fill(map, from: headers.headers, maximumCount: self.maximumFields),
            let status = map.first(":status")?.decimal(), status != 101
        else { return self.refuse(exchange, streamID) }
        if status < 200 {
            // 1xx responses are not shown to anybody.
            if headers.endStream { self.refuse(exchange, streamID) }
            return
        }
        removeHopByHopHeaders(map, connectionNamesOthers: false)
        var head = HTTP1Head()
        head.status = status
        exchange.responseStarted = true
        if headers.endStream { self.ended(exchange, streamID) } else { self.touch(exchange) }
        receiver.upstreamResponse(head, endOfStream: headers.endStream)
    }

    private func receive(_ data: ByteBuffer, _ streamID: HTTP2StreamID, endOfStream: Bool) {
        guard let exchange = self.exchanges[streamID], let receiver = exchange.receiver else { return }
        guard exchange.responseStarted else { return self.refuse(exchange, streamID) }
        if endOfStream { self.ended(exchange, streamID) } else { self.touch(exchange) }
        guard data.readableBytes > 0 || endOfStream else { return }
        receiver.upstreamData(data, endOfStream: endOfStream)
    }

    private func touch(_ exchange: HTTP2Exchange) {
        guard !exchange.isTouched else { return }
        exchange.isTouched = true
        self.touched.append(exchange)
    }

    /// The response is complete. A request that is not is of no use to the peer any more.
    private func ended(_ exchange: HTTP2Exchange, _ streamID: HTTP2StreamID) {
        self.exchanges[streamID] = nil
        if !exchange.requestEnded {
            self.write(.rstStream(.noError), streamID, nil)
            self.flush()
        }
        exchange.finish()
        self.exchangeEnded()
    }

    /// The response is not HTTP.
    private func refuse(_ exchange: HTTP2Exchange, _ streamID: HTTP2StreamID) {
        self.write(.rstStream(.protocolError), streamID, nil)
        self.flush()
        self.fail(exchange, streamID, .brokenResponse)
    }

    private func receivedReset(_ code: HTTP2ErrorCode, _ streamID: HTTP2StreamID) {
        guard let exchange = self.exchanges[streamID] else { return }
        let untouched = code == .refusedStream && !exchange.responseStarted
        self.fail(exchange, streamID, untouched ? .closedBeforeResponse(reused: true) : .reset)
    }

    /// The peer takes no new streams, and has not looked at those after `lastStreamID`.
    private func receivedGoAway(_ lastStreamID: HTTP2StreamID) {
        self.isOpen = false
        self.pool.connectionEnds(self)
        let refused = self.exchanges.filter { $0.key > lastStreamID }
        for (streamID, exchange) in refused { self.fail(exchange, streamID, .closedBeforeResponse(reused: true)) }
        if self.activeCount == 0 { self.close() }
    }
}
