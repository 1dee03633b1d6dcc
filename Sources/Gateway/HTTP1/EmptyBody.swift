import ProxyWasm

extension HeaderMap {
    /// A request of this method that has no body says so with a length of 0, since its method gives a body a meaning
    /// (RFC 9110 section 8.6). The methods are those for which Envoy does.
    var methodAsksForLength: Bool {
        guard let method = self.first(":method") else { return false }
        switch method.count {
        case 3: return !method.equals("GET")
        case 4: return !method.equals("HEAD")
        case 5: return !method.equals("TRACE")
        case 6: return !method.equals("DELETE")
        case 7: return !method.equals("CONNECT")
        default: return true
        }
    }
}
