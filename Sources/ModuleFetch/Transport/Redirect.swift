import NIOHTTP1

/// Where an answer sends us (RFC 9110 section 15.4).
enum Redirect {
    static let maximum = 10

    static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

    /// The request to make next; nil when the answer is the answer. From https to http only where `allowsPlain` says so.
    static func next(
        _ request: TransportRequest, _ response: TransportResponse, allowsPlain: (FetchURL) -> Bool
    ) throws(ModuleFetchError) -> TransportRequest? {
        guard request.followsRedirects, self.isRedirect(response.status),
            let location = response.headers.first(name: "location")
        else { return nil }
        var next = request
        switch (response.status, request.method) {
        case (_, .GET), (_, .HEAD), (307, _), (308, _): break
        case (303, _):
            next.method = .GET
            next.body = nil
            next.headers.remove(name: "content-type")
        // A write that moved: whether to repeat it elsewhere is not for us to guess.
        default: return nil
        }
        next.url = try request.url.resolving(location)
        if request.url.scheme == .https, next.url.scheme == .http, !allowsPlain(next.url) {
            throw ModuleFetchError(
                .refused,
                "\(request.url) redirects from https to plain HTTP at \(next.url.hostAndPort), which is refused; 'plainHTTP: true' for that host in mizzen.yaml allows it"
            )
        }
        if !next.url.isSameOrigin(as: request.url) {
            next.headers.remove(name: "authorization")
            next.isForLoopback = false
        }
        return next
    }
}
