// PORT 2, for layer 4.

/// One connection as the proxy sees it, from the place of one network filter in the chain.
///
/// Buffers are 2 (from the client) and 3 (from the server), stream types `.downstream` and `.upstream`. A connection
/// has no header maps and no route, and nobody to send a local response to. `closeStream` closes both sides after
/// what has been written has left.
public protocol ConnectionHost: StreamHost {}

extension ConnectionHost {
    public func headerMap(_ type: MapType) -> HeaderMap? { nil }
    public func makeTrailers(_ type: MapType) -> HeaderMap? { nil }
    public func clearRouteCache() {}
    public func sendLocalResponse(_ response: LocalResponse) {}
}
