/// Who closed a connection.
public enum PeerType: UInt32, Sendable {
    case unknown = 0
    /// This proxy.
    case local = 1
    /// The other side.
    case remote = 2
}
