import AsyncHTTPClient
import Crypto
package import NIOCore
import NIOHTTP1
import NIOPosix

/// HTTP as the fetcher needs it: bounded, guarded, with redirects followed knowingly. The names of hosts are resolved
/// here and the address that was checked is the one that is dialled, for redirects as well.
package final class HTTPTransport: Sendable {
    package let options: FetchOptions
    private let resolver: NameResolver
    private let addressGuard: Result<AddressGuard, ModuleFetchError>
    private let pool: ClientPool

    /// Addresses of one name that are tried, at most.
    private static let maximumAddresses = 4
    /// Of the body of an answer that is no success, bytes.
    private static let maximumErrorBytes = 64 << 10

    /// `resolver`: the system's unless a test brings its own. Call `shutdown()` when it is no longer used.
    package init(
        options: FetchOptions, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        resolver: NameResolver? = nil
    ) {
        self.options = options
        self.resolver = resolver ?? .system(group)
        self.pool = ClientPool(group: group, timeoutSeconds: options.requestTimeoutSeconds)
        do throws(ModuleFetchError) {
            self.addressGuard = .success(try AddressGuard(options))
        } catch {
            self.addressGuard = .failure(error)
        }
    }

    /// Breaks off what is under way and closes every connection.
    package func shutdown() async { await self.pool.shutdown() }

    /// Sends a request and reads the whole answer, whatever its status, following up to 10 redirects.
    ///
    /// - Parameters:
    ///   - limit: most bytes of a successful answer's body; more is `.refused`.
    ///   - progress: called as the body comes in.
    /// - Throws: `.unavailable` when nobody answers, or not in time; `.refused` for what must not be dialled or
    ///   believed; `.invalid` for options that cannot be used.
    package func send(
        _ request: TransportRequest, limit: Int, progress: TransportProgress? = nil
    ) async throws(ModuleFetchError) -> TransportResponse {
        do throws(TransportFailure) {
            return try await self.follow(request, limit: limit, progress: progress)
        } catch {
            throw error.error
        }
    }

    /// The same, telling more about a failure.
    func follow(
        _ request: TransportRequest, limit: Int, progress: TransportProgress? = nil
    ) async throws(TransportFailure) -> TransportResponse {
        var request = request
        var visited: Set<FetchURL> = [request.url]
        for _ in 0...Redirect.maximum {
            let response = try await self.exchange(request, limit: limit, progress: progress)
            let next: TransportRequest?
            do throws(ModuleFetchError) {
                next = try Redirect.next(request, response, allowsPlain: { self.hostOptions($0).isPlainHTTP })
            } catch {
                throw TransportFailure(error)
            }
            guard let next else { return response }
            guard visited.insert(next.url).inserted else {
                throw TransportFailure(ModuleFetchError(.refused, "\(next.url) redirects in a circle"))
            }
            request = next
        }
        throw TransportFailure(
            ModuleFetchError(.refused, "more than \(Redirect.maximum) redirects, the last to \(request.url)"))
    }

    /// What is configured for the host of a URL: under `host:port`, or `host` if it is the scheme's own port.
    func hostOptions(_ url: FetchURL) -> HostOptions {
        self.options.registries[url.hostAndPort] ?? self.options.host(url.authority)
    }

    private func exchange(
        _ request: TransportRequest, limit: Int, progress: TransportProgress?
    ) async throws(TransportFailure) -> TransportResponse {
        let tls: TLSProfile?
        let addresses: [IPAddress]
        do throws(ModuleFetchError) {
            tls = request.url.scheme == .https ? try TLSProfile(self.hostOptions(request.url)) : nil
            addresses = try await self.addresses(request)
        } catch {
            throw TransportFailure(error)
        }
        var failure: TransportFailure?
        for address in addresses.prefix(Self.maximumAddresses) {
            do throws(TransportFailure) {
                return try await self.exchange(request, at: address, tls, limit: limit, progress: progress)
            } catch {
                guard error.cause == .unreachable, !Task.isCancelled else { throw error }
                failure = error
            }
        }
        throw failure ?? TransportFailure(ModuleFetchError(.unavailable, "\(request.url.host) has no address"))
    }

    /// Those of the host that may be dialled. `.refused` when there are some, but none may.
    private func addresses(_ request: TransportRequest) async throws(ModuleFetchError) -> [IPAddress] {
        let host = request.url.host
        let all: [IPAddress]
        if let literal = IPAddress(host) {
            all = [literal]
        } else {
            all = try await self.resolver.addresses(host, self.options.requestTimeoutSeconds)
        }
        guard !all.isEmpty else { throw ModuleFetchError(.unavailable, "\(host) has no address") }
        let addressGuard = try self.addressGuard.get()
        let allowed = all.filter { addressGuard.allows($0) && (!request.isForLoopback || $0.isLoopback) }
        guard !allowed.isEmpty else {
            let name = IPAddress(host) == nil ? "\(host) (\(all[0]))" : host
            throw ModuleFetchError(
                .refused,
                request.isForLoopback
                    ? "\(name) is not this machine, plain HTTP is refused"
                    : "\(name) must not be dialled: link-local, metadata and blocked networks are refused")
        }
        return allowed
    }

    private func exchange(
        _ request: TransportRequest, at address: IPAddress, _ tls: TLSProfile?, limit: Int, progress: TransportProgress?
    ) async throws(TransportFailure) -> TransportResponse {
        let key = ClientPool.Key(host: request.url.host, address: address, tls: tls?.key)
        let client: HTTPClient
        do throws(ModuleFetchError) {
            client = try await self.pool.acquire(key, tls: tls)
        } catch {
            throw TransportFailure(error)
        }
        let result: Result<TransportResponse, TransportFailure>
        do {
            let response = try await client.execute(Self.clientRequest(request), deadline: .distantFuture)
            result = .success(try await Self.read(response, request, limit: limit, progress: progress))
        } catch {
            result = .failure(
                TransportFailure(error, from: request.url, timeout: self.options.requestTimeoutSeconds))
        }
        await self.pool.release(key)
        return try result.get()
    }

    private static func clientRequest(_ request: TransportRequest) -> HTTPClientRequest {
        var result = HTTPClientRequest(url: request.url.text)
        result.method = request.method
        result.headers = request.headers
        if !result.headers.contains(name: "user-agent") { result.headers.add(name: "user-agent", value: "mizzen") }
        if let body = request.body { result.body = .bytes(ByteBuffer(bytes: body)) }
        return result
    }

    private static func read(
        _ response: HTTPClientResponse, _ request: TransportRequest, limit: Int, progress: TransportProgress?
    ) async throws -> TransportResponse {
        var result = TransportResponse(
            status: Int(response.status.code), headers: response.headers, body: [], url: request.url)
        guard request.method != .HEAD else { return result }
        let length = response.headers.first(name: "content-length").flatMap { Int($0) }
        guard result.isSuccess else {
            for try await chunk in response.body {
                let room = Self.maximumErrorBytes - result.body.count
                result.body += chunk.readableBytesView.prefix(room)
                if room <= chunk.readableBytes { break }
            }
            return result
        }
        let tooLarge = ModuleFetchError(.refused, "\(request.url) has more than the \(limit) bytes that are allowed")
        if let length, length > limit { throw tooLarge }
        result.body.reserveCapacity(min(length ?? 0, 16 << 20))
        var hash = SHA256()
        for try await chunk in response.body {
            guard chunk.readableBytes <= limit - result.body.count else { throw tooLarge }
            if request.digestsBody { chunk.withUnsafeReadableBytes { hash.update(bufferPointer: $0) } }
            result.body += chunk.readableBytesView
            progress?(result.body.count, length)
        }
        try Task.checkCancellation()
        if let length, length != result.body.count {
            throw ModuleFetchError(
                .unavailable, "\(request.url) ended after \(result.body.count) of \(length) bytes")
        }
        if request.digestsBody { result.digest = Digest(hash.finalize()) }
        return result
    }
}
