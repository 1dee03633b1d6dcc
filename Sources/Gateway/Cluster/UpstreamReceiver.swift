import NIOCore
import ProxyWasm

/// Who gets an upstream's answer: a stream, or a plugin's HTTP or gRPC call.
protocol UpstreamReceiver: AnyObject {
    /// Where the response's headers are parsed into; cleared by the connection before.
    var upstreamHeaders: HeaderMap { get }
    /// An HTTP/1.1 connection is there: `begin` it and write the request.
    func upstreamConnected(_ connection: UpstreamConnection)
    /// An HTTP/2 stream is there: write the request.
    func upstreamConnected(_ exchange: HTTP2Exchange)
    func upstreamResponse(_ head: HTTP1Head, endOfStream: Bool)
    func upstreamData(_ data: ByteBuffer, endOfStream: Bool)
    /// The end of a response that has trailers. The map is the receiver's to keep. HTTP/2 only: trailers of HTTP/1.1
    /// upstreams are dropped, as in Envoy.
    func upstreamTrailers(_ trailers: HeaderMap)
    /// The socket has no more bytes for now: a good time to flush.
    func upstreamReadComplete()
    /// The end of this attempt. The connection is already forgotten.
    func upstreamFailed(_ failure: UpstreamFailure)
    func upstreamWritable(_ writable: Bool)
}
