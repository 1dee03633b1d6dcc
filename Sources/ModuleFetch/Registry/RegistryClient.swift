import NIOHTTP1
import Synchronization

/// Speaks with registries (OCI distribution specification 1.1): anonymously as long as they let it, then with what the
/// source of credentials gives. One call is one attempt; wrap it in `Retry` for more. A registry that asks for patience
/// with 429 is given it, twice and at most 10 s each time.
package final class RegistryClient: RegistryReading, Sendable {
    /// One request to the API below `/v2/`.
    struct Call: Sendable {
        var method: HTTPMethod = .GET
        /// Path and query below `/v2/`.
        var path: String
        var headers: HTTPHeaders = [:]
        var body: [UInt8]?
        var digestsBody = false
        /// `repository:NAME:pull`
        var scopes: [String]
        /// Of the body of a success, bytes.
        var limit: Int
    }

    let transport: HTTPTransport
    let log: FetchLog
    let authenticator: Authenticator
    /// Hosts of this machine that turned out not to speak TLS.
    private let plainLoopbacks = Mutex<Set<String>>([])

    /// Largest manifest, index, list of tags, bytes (the specification's "at least 4 MiB").
    static let maximumManifestBytes = 4 << 20
    private static let maximumPatience = 10.0

    package init(transport: HTTPTransport, credentials: any CredentialSource, log: FetchLog) {
        self.transport = transport
        self.log = log
        self.authenticator = Authenticator(transport: transport, credentials: credentials)
    }

    /// Answers of every status but a 401 that credentials help against.
    func send(
        _ call: Call, to reference: ImageReference, progress: TransportProgress? = nil
    ) async throws(ModuleFetchError) -> TransportResponse {
        let url = try self.url(call.path, of: reference)
        var request = TransportRequest(call.method, url, headers: call.headers, body: call.body)
        request.digestsBody = call.digestsBody
        return try await self.send(request, call, to: reference, progress: progress)
    }

    /// The same for a URL that the registry named.
    func send(
        _ request: TransportRequest, _ call: Call, to reference: ImageReference, progress: TransportProgress? = nil
    ) async throws(ModuleFetchError) -> TransportResponse {
        let registry = reference.registry
        var authorization = try await self.authenticator.authorization(registry, scopes: call.scopes)
        var isRefreshed = false
        var pauses = 0
        while true {
            var request = request
            request.headers.remove(name: "authorization")
            if let authorization { request.headers.add(name: "authorization", value: authorization) }
            let response = try await self.exchange(request, limit: call.limit, progress: progress)
            switch response.status {
            case 401 where !isRefreshed && response.url.hostAndPort == request.url.hostAndPort:
                isRefreshed = true
                let answer = try await self.authenticator.answer(
                    response, registry, scopes: call.scopes, rejected: authorization,
                    isPlainAllowed: self.transport.hostOptions(response.url).isPlainHTTP)
                guard let answer else { return response }
                authorization = answer
            case 429 where pauses < 2:
                pauses += 1
                let wanted = response.headers.first(name: "retry-after").flatMap { Double($0) } ?? 1
                let seconds = min(max(wanted.isFinite ? wanted : 1, 0), Self.maximumPatience)
                self.log.debug("\(response.url.authority) asks for patience, waiting \(seconds) s")
                do {
                    try await Task.sleep(for: .seconds(seconds))
                } catch {
                    return response
                }
            default:
                return response
            }
        }
    }

    /// `.notFound`, `.unauthorized`, `.unavailable` or `.refused`, as the status says.
    func failure(
        _ response: TransportResponse, _ what: String, _ reference: ImageReference
    ) async -> ModuleFetchError {
        RegistryFailure.of(
            response, what, registry: reference.registry,
            credential: await self.authenticator.credentialInUse(reference.registry))
    }

    /// https, unless plain HTTP is configured or this machine's registry turned out to speak nothing else.
    func url(_ path: String, of reference: ImageReference) throws(ModuleFetchError) -> FetchURL {
        let host = RegistryHost.dialled(reference)
        var url = try FetchURL(scheme: .https, authority: host, target: "/v2/\(path)")
        if self.isPlain(host) { url = try FetchURL(scheme: .http, authority: host, target: "/v2/\(path)") }
        return url
    }

    /// Requests to this host go without TLS, as far as is known now.
    func isPlain(_ host: String) -> Bool {
        self.transport.options.host(host).isPlainHTTP || self.plainLoopbacks.withLock { $0.contains(host.lowercased()) }
    }

    /// Over plain HTTP when the registry is on this machine and answers TLS with something else.
    private func exchange(
        _ request: TransportRequest, limit: Int, progress: TransportProgress?
    ) async throws(ModuleFetchError) -> TransportResponse {
        var request = request
        let host = request.url.authority
        request.isForLoopback = request.url.scheme == .http && !self.transport.hostOptions(request.url).isPlainHTTP
        do throws(TransportFailure) {
            return try await self.transport.follow(request, limit: limit, progress: progress)
        } catch {
            // Without a port in the reference, plain HTTP would be at another one than TLS.
            let isElsewhere = error.cause == .unreachable && request.url.port == 443
            guard error.cause == .notTLS || isElsewhere, request.url.scheme == .https,
                RegistryHost.isLoopback(request.url.host)
            else { throw error.error }
        }
        request.url = try FetchURL(scheme: .http, authority: host, target: request.url.target)
        request.isForLoopback = true
        let response = try await self.transport.send(request, limit: limit, progress: progress)
        self.plainLoopbacks.withLock { hosts in
            if hosts.count < 1024 { _ = hosts.insert(host) }
        }
        return response
    }
}
