internal import CProxyWasmShims

/// What the host does after a callback.
public enum FilterAction: UInt32, Sendable {
    case proceed = 0
    /// Holds the headers or the body until ``HTTPContext/continueRequest()`` (or `continueResponse()`). In a body
    /// callback: keep collecting, and call again with everything so far.
    case pause = 1
}

/// One HTTP request and its response, as this plugin sees them. Subclass it, and override what you need.
open class HTTPContext {
    /// The host's number for this stream.
    public internal(set) final var id: UInt32 = 0

    public init() {}

    open func onRequestHeaders(count: Int, endOfStream: Bool) -> FilterAction { .proceed }
    open func onRequestBody(size: Int, endOfStream: Bool) -> FilterAction { .proceed }
    open func onRequestTrailers(count: Int) -> FilterAction { .proceed }
    open func onResponseHeaders(count: Int, endOfStream: Bool) -> FilterAction { .proceed }
    open func onResponseBody(size: Int, endOfStream: Bool) -> FilterAction { .proceed }
    open func onResponseTrailers(count: Int) -> FilterAction { .proceed }
    /// The stream is over; the last chance to read headers and properties for a record of it.
    open func onLog() {}

    public final var requestHeaders: HeaderMap { HeaderMap(.requestHeaders) }
    public final var requestTrailers: HeaderMap { HeaderMap(.requestTrailers) }
    public final var responseHeaders: HeaderMap { HeaderMap(.responseHeaders) }
    public final var responseTrailers: HeaderMap { HeaderMap(.responseTrailers) }
    public final var requestBody: Body { .request }
    public final var responseBody: Body { .response }

    /// Lets a paused request go on.
    public final func continueRequest() {
        _ = proxy_continue_stream(0)
    }

    /// Lets a paused response go on.
    public final func continueResponse() {
        _ = proxy_continue_stream(1)
    }

    /// Answers instead of the upstream. Return the result from the callback: `return self.respond(…)`.
    ///
    /// `details` is for the host's log; it doesn't reach the client.
    @discardableResult
    public final func respond(
        status: Int,
        headers: [Header] = [],
        body: ByteString = "",
        details: ByteString = ""
    ) -> FilterAction {
        let pairs = Pairs.encode(headers)
        _ = Hostcalls.lend(details) { details, detailsSize in
            Hostcalls.lend(body) { body, bodySize in
                Hostcalls.lend(pairs) { pairs, pairsSize in
                    proxy_send_local_response(
                        UInt32(truncatingIfNeeded: status), details, detailsSize, body, bodySize, pairs, pairsSize, -1
                    )
                }
            }
        }
        return .pause
    }

    /// Calls another service; `completion` runs when it answered, unless the stream ended before. Return `.pause`
    /// to hold the stream meanwhile, and resume it in `completion`.
    ///
    /// `headers` must have `:method`, `:path` and `:authority`. `cluster` is the host's name for the service.
    public final func call(
        cluster: ByteString,
        headers: [Header],
        body: ByteString = "",
        timeoutMilliseconds: UInt32,
        completion: @escaping (CallResponse) -> Void
    ) throws(HostError) {
        let pairs = Pairs.encode(headers)
        var token: UInt32 = 0
        try Hostcalls.check(
            Hostcalls.lend(cluster) { cluster, clusterSize in
                Hostcalls.lend(pairs) { pairs, pairsSize in
                    Hostcalls.lend(body) { body, bodySize in
                        proxy_http_call(
                            cluster, clusterSize, pairs, pairsSize, body, bodySize, nil, 0, timeoutMilliseconds, &token
                        )
                    }
                }
            }
        )
        Dispatcher.calls.append(PendingCall(token: token, context: self.id, completion: completion))
    }
}

/// The answer to ``HTTPContext/call(cluster:headers:body:timeoutMilliseconds:completion:)``; readable only while the
/// completion runs.
public struct CallResponse {
    let headerCount: Int

    /// False when there was no answer at all.
    public var succeeded: Bool { self.headerCount > 0 }

    /// The HTTP status, 0 when there was no answer.
    public var status: Int { self.succeeded ? (self.headers[":status"]?.decimalValue ?? 0) : 0 }

    public var headers: HeaderMap { HeaderMap(.callResponseHeaders) }

    public var body: ByteString { (try? Hostcalls.buffer(4)) ?? ByteString() }
}
