/// What is known of a client's connection, whatever is spoken on it: for attributes and the access log.
protocol ConnectionFacts: AnyObject {
    /// `ip:port`
    var remoteAddressBytes: [UInt8] { get }
    var remoteIPBytes: [UInt8] { get }
    var remotePort: Int { get }
    /// `ip:port`
    var localAddressBytes: [UInt8] { get }
    var localPort: Int { get }
    var connectionID: UInt64 { get }
    var listenerName: String { get }
    /// What plugins keep as long as the connection; nil: nothing yet. Shared by its streams.
    var filterState: ConnectionFilterState? { get set }
    /// Nil on a plain connection.
    var tls: TLSInfo? { get }
    /// Why the proxy ended the connection; nil: it did not.
    var terminationDetails: String? { get }
    /// What was wrong with the transport; nil: nothing.
    var transportFailureReason: String? { get }
}

extension ConnectionFacts {
    // Plain connections have none of these.
    var tls: TLSInfo? { nil }
    var terminationDetails: String? { nil }
    var transportFailureReason: String? { nil }
}
