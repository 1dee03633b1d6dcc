package import NIOCore
import NIOHTTP1
import ProxyWasm

/// The admin pages: what the gateway is doing, for people, probes and scrapers. One thread of its own, so that a slow
/// reader of a large page takes nothing from traffic.
package final class AdminServer: Sendable {
    private let host: String
    private let port: Int
    private let log: GatewayLog
    private let server: SmallHTTPServer

    /// - Parameters:
    ///   - address: `HOST:PORT`, `[IPV6]:PORT`; port 0 takes a free one.
    ///   - source: Where the pages come from.
    package init(address: HostPort, source: any AdminSource, log: GatewayLog) {
        self.host = address.host
        self.port = address.port
        self.log = log
        let routes = AdminRoutes(source: source, loopbackOnly: address.isLoopback)
        self.server = SmallHTTPServer { request, eventLoop in
            eventLoop.makeFutureWithTask { await routes.respond(to: request) }
        }
    }

    /// The bound address, once `start` returned.
    package var localAddress: SocketAddress? { self.server.localAddress }

    package func start() async throws {
        try await self.server.start(host: self.host, port: self.port)
        let bound = self.server.localAddress.map { "\($0.ipAddress ?? self.host):\($0.port ?? self.port)" }
        self.log.log(.admin, .info, "admin pages at http://\(bound ?? "\(self.host):\(self.port)")/")
    }

    package func stop() async { await self.server.stop() }
}
