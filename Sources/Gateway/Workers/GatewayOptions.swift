package import ProxyWasm

/// Settings of the process, not of a resource.
package struct GatewayOptions: Sendable {
    /// Event loops; each owns its connections, pools and plugin instances.
    package var workers: Int
    /// One line per request to stdout.
    package var accessLog = true
    /// Where it goes.
    package var accessLogDescriptor = OutputWriter.standardOutput
    /// Its form; nil: Istio's.
    package var accessLogFormat: AccessLogFormat?
    /// How long SIGTERM waits for streams in flight.
    package var drainTimeoutSeconds = 30
    /// From a request's first byte to the end of its head.
    package var requestHeadersTimeoutSeconds: UInt32 = 30
    /// From a connection's first byte to the end of the TLS handshake.
    package var tlsHandshakeTimeoutSeconds: UInt32 = 15
    /// A connection without a request, or a TCP connection on which nothing moves.
    package var connectionIdleTimeoutSeconds: UInt32 = 3600
    /// A stream on which nothing moves.
    package var streamIdleTimeoutSeconds: UInt32 = 300
    /// Body bytes that one filter, or the way to a slow peer, holds per stream and direction.
    package var bufferLimitBytes = 1 << 20
    /// Connections of one worker.
    package var maximumConnectionsPerWorker = 50_000
    /// How long a plugin's root context may take from `proxy_on_done` to `proxy_done`.
    package var rootEndMilliseconds: Int64 = 10_000
    /// Between attempts to get a plugin's code.
    package var loadBackoff = LoadBackoff()
    package var http1 = HTTP1Limits()
    /// Who the gateway is, for plugins.
    package var node = NodeIdentity()
    /// What plugins may call by name; nil: `clear_route_cache` only.
    package var foreignFunctions: (any ForeignFunctionProvider)?

    package init(workers: Int) { self.workers = max(1, workers) }
}
