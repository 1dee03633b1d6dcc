import AsyncHTTPClient
import NIOCore

/// Keeps HTTP clients by where they dial: each can reach one address only, so a name that changes its meaning
/// between check and connection changes nothing. Clients that nobody uses are closed when there are many.
actor ClientPool {
    struct Key: Sendable, Hashable {
        var host: String
        var address: IPAddress
        /// nil: plain HTTP.
        var tls: TLSProfile.Key?
    }

    private struct Entry {
        let client: HTTPClient
        var users: Int
        var lastUse: UInt64
    }

    private let group: any EventLoopGroup
    private let timeoutSeconds: Double
    private let maximumIdle: Int
    private var entries: [Key: Entry] = [:]
    private var uses: UInt64 = 0
    private var isShutDown = false

    init(group: any EventLoopGroup, timeoutSeconds: Double, maximumIdle: Int = 8) {
        self.group = group
        self.timeoutSeconds = timeoutSeconds
        self.maximumIdle = maximumIdle
    }

    deinit {
        // One that nobody shut down: the clients do not wait, and must not be let go of as they are.
        for entry in self.entries.values { entry.client.shutdown { _ in } }
    }

    /// Every `acquire` is followed by a `release` of the same key.
    func acquire(_ key: Key, tls: TLSProfile?) throws(ModuleFetchError) -> HTTPClient {
        guard !self.isShutDown else { throw ModuleFetchError(.unavailable, "the transport is shut down") }
        self.uses += 1
        if var entry = self.entries[key] {
            entry.users += 1
            entry.lastUse = self.uses
            self.entries[key] = entry
            return entry.client
        }
        let client = try self.makeClient(key, tls)
        self.entries[key] = Entry(client: client, users: 1, lastUse: self.uses)
        return client
    }

    func release(_ key: Key) async {
        guard let users = self.entries[key]?.users else { return }
        self.entries[key]?.users = users - 1
        while let client = self.takeSurplus() { try? await client.shutdown() }
    }

    /// Breaks off what is under way.
    func shutdown() async {
        self.isShutDown = true
        let clients = self.entries.values.map(\.client)
        self.entries = [:]
        for client in clients { try? await client.shutdown() }
    }

    var count: Int { self.entries.count }

    private func takeSurplus() -> HTTPClient? {
        guard self.entries.count > self.maximumIdle else { return nil }
        let oldest = self.entries.filter { $0.value.users == 0 }.min { $0.value.lastUse < $1.value.lastUse }
        guard let oldest else { return nil }
        self.entries[oldest.key] = nil
        return oldest.value.client
    }

    private func makeClient(_ key: Key, _ tls: TLSProfile?) throws(ModuleFetchError) -> HTTPClient {
        let timeout = TimeAmount.milliseconds(Int64(max(0.001, self.timeoutSeconds) * 1000))
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try tls?.configuration(), redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(connect: timeout, read: timeout, write: timeout),
            connectionPool: HTTPClient.Configuration.ConnectionPool(idleTimeout: .seconds(30)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.dnsOverride = [key.host: key.address.description]
        if let tls = key.tls, !tls.skipsVerification, IPAddress(key.host) == nil {
            configuration.http1_1ConnectionDebugInitializer = { [host = key.host] channel in
                CertificateName.check(channel, host: host)
            }
        }
        return HTTPClient(eventLoopGroupProvider: .shared(self.group), configuration: configuration)
    }
}
