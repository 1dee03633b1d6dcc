import ProxyWasm

/// The `location` of a redirect route.
enum Redirect {
    static func location(_ redirect: RedirectAction, for headers: HeaderMap) -> [UInt8] {
        var result: [UInt8] = []
        let scheme =
            redirect.scheme.map { Array($0.utf8) } ?? headers.first(":scheme").map { Array($0) } ?? Array("http".utf8)
        result.append(contentsOf: scheme)
        result.append(contentsOf: "://".utf8)
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        if let authority = redirect.authority {
            result.append(contentsOf: authority.utf8)
        } else {
            let authority = headers.first(":authority") ?? empty
            // A new port or scheme makes the old port meaningless.
            let keepsPort = redirect.port == nil && redirect.scheme == nil
            result.append(contentsOf: keepsPort ? authority : RouteTable.withoutPort(authority))
        }
        if let port = redirect.port { result.append(contentsOf: ":\(port)".utf8) }
        if let uri = redirect.uri {
            result.append(contentsOf: uri.utf8)
        } else {
            result.append(contentsOf: headers.first(":path") ?? empty)
        }
        return result
    }
}
