package import NIOHTTP1

/// One HTTP request as the transport takes it.
package struct TransportRequest: Sendable {
    package var method: HTTPMethod
    package var url: FetchURL
    /// `Host`, `User-Agent` and the body's length are added.
    package var headers: HTTPHeaders
    package var body: [UInt8]?
    /// Compute the SHA-256 of the body of a successful answer while it comes in.
    package var digestsBody = false
    /// False for bodies that are nobody else's business.
    package var followsRedirects = true
    /// Dial only if the name leads to this machine.
    package var isForLoopback = false

    package init(_ method: HTTPMethod, _ url: FetchURL, headers: HTTPHeaders = [:], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// The answer, with all of its body that may be wanted.
package struct TransportResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    /// Of answers with a status other than 2xx at most 64 KiB.
    package var body: [UInt8]
    /// Of the body, when the request asked for it and the status is 2xx.
    package var digest: Digest?
    /// Who answered, after redirects.
    package var url: FetchURL

    package var isSuccess: Bool { (200..<300).contains(self.status) }

    /// `404 Not Found`
    var statusText: String {
        let reason = HTTPResponseStatus(statusCode: self.status).reasonPhrase
        return reason.isEmpty ? "\(self.status)" : "\(self.status) \(reason)"
    }
}

/// Bytes received so far, and how many there will be if that is known.
package typealias TransportProgress = @Sendable (_ received: Int, _ expected: Int?) -> Void
