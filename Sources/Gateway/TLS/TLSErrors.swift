import NIOSSL

enum TLSErrors {
    /// The peer closed without TLS's goodbye: common, and the end of the stream all the same.
    static func isUncleanShutdown(_ error: any Error) -> Bool {
        if case NIOSSLError.uncleanShutdown = error { return true }
        return false
    }
}
