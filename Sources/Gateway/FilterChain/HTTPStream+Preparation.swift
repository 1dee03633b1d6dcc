import ProxyWasm

// What the connection manager does to a request before the first filter sees it.

extension HTTPStream {
    /// `:scheme`, `x-forwarded-for`, `x-forwarded-proto`, `x-request-id`.
    func prepareRequestHeaders() {
        let map = self.requestHeaders
        map.joinRepeated(isRequest: true)
        let scheme: StaticString = self.isSecure ? "https" : "http"
        map.append(":scheme", scheme)
        _ = self.downstream.remoteIPBytes.withUnsafeBytes { address in
            if let index = map.firstIndex(of: "x-forwarded-for") {
                map.join(at: index, address)
            } else {
                map.append("x-forwarded-for", address)
            }
        }
        map.set("x-forwarded-proto", scheme)
        if map.firstIndex(of: "x-request-id") == nil {
            withUnsafeTemporaryAllocation(byteCount: 36, alignment: 1) { scratch in
                self.worker.randomness.writeUUID(into: scratch)
                map.append("x-request-id", UnsafeRawBufferPointer(scratch))
            }
        }
    }
}
