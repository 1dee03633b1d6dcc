import NIOCore

/// A client's connection, of whichever protocol, as its worker keeps it.
protocol ServerConnection: AnyObject {
    var listenerName: String { get }
    /// Called once a second.
    func checkTimeouts()
    /// No new requests: closes now when nothing is under way, else after it.
    func drain()
    func closeNow()
}
