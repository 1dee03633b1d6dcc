import NIOHTTP1

/// Gets what a plugin's http or https URL names (reference section 3.5): a plain GET, redirects followed, no
/// credentials.
package struct HTTPModuleFetcher: Sendable {
    private enum Answer: Sendable {
        case body([UInt8])
        case final(ModuleFetchError)
    }

    private let transport: HTTPTransport
    private let log: FetchLog

    package init(transport: HTTPTransport, log: FetchLog) {
        self.transport = transport
        self.log = log
    }

    /// The body as it was sent, at most `maximumModuleBytes`. Transport errors and answers of 5xx, except 501, 505 and
    /// 511, are tried again; any other answer but 200 ends it.
    ///
    /// - Throws: `.invalid` for a URL that cannot be used or holds user-info, `.notFound`, `.unauthorized`,
    ///   `.unavailable`, `.refused`.
    package func fetch(_ url: String, progress: TransportProgress? = nil) async throws(ModuleFetchError) -> [UInt8] {
        let url = try FetchURL(url)
        let (transport, log) = (self.transport, self.log)
        log.info("fetching \(url)")
        let retry = Retry(transport.options)
        let answer = try await retry(log: log) { () async throws(ModuleFetchError) -> Answer in
            let response = try await transport.send(
                TransportRequest(.GET, url), limit: transport.options.maximumModuleBytes, progress: progress)
            if response.status == 200 { return .body(response.body) }
            let error = Self.failure(response, url)
            let isPassing = response.status >= 500 && ![501, 505, 511].contains(response.status)
            if isPassing { throw error }
            return .final(error)
        }
        switch answer {
        case .body(let bytes): return bytes
        case .final(let error): throw error
        }
    }

    private static func failure(_ response: TransportResponse, _ url: FetchURL) -> ModuleFetchError {
        let by = response.url.authority == url.authority ? "" : " from \(response.url)"
        let text = "\(url) answered \(response.statusText)\(by)"
        switch response.status {
        case 401, 403:
            return ModuleFetchError(
                .unauthorized,
                "\(text); modules are fetched over HTTP without credentials, serve it to everybody or use oci://")
        case 404, 410: return ModuleFetchError(.notFound, text)
        case 408, 429, 500...599: return ModuleFetchError(.unavailable, text)
        default: return ModuleFetchError(.refused, text)
        }
    }
}
