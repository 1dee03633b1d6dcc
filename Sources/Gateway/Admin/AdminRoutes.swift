import NIOCore
import NIOHTTP1
import ProxyWasm

/// Which page answers which request. Knows no sockets.
struct AdminRoutes: Sendable {
    let source: any AdminSource
    /// Bound on loopback: then a `Host` that is a name other than `localhost` comes from a browser that was lured here.
    let loopbackOnly: Bool

    private struct Page {
        var methods: [HTTPMethod]
        var help: String
    }

    private static let pages: KeyValuePairs<String, Page> = [
        "/ready": Page(methods: [.GET], help: "200 when every listener is bound and every plugin is settled"),
        "/healthz": Page(methods: [.GET], help: "200 while the process answers"),
        "/stats/prometheus": Page(methods: [.GET], help: "metrics"),
        "/config_dump": Page(methods: [.GET], help: "the configuration that serves, secrets left out"),
        "/clusters": Page(methods: [.GET], help: "clusters and their endpoints (?format=text)"),
        "/listeners": Page(methods: [.GET], help: "listeners (?format=text)"),
        "/plugins": Page(methods: [.GET], help: "plugins: state, digest, memory, counts (?format=text)"),
        "/logging": Page(methods: [.GET, .POST], help: "log levels; POST ?level=debug or ?wasm=debug changes them"),
        "/quitquitquit": Page(methods: [.POST], help: "POST: drain and exit"),
        "/": Page(methods: [.GET], help: "this page"),
    ]

    func respond(to request: SmallHTTPRequest) async -> SmallHTTPResponse {
        if let refusal = self.refusal(of: request) { return refusal }
        let target = AdminTarget(uri: request.head.uri)
        guard let page = Self.pages.first(where: { $0.key == target.path })?.value else {
            return .text("there is no page \(target.shownPath); see /\n", status: .notFound)
        }
        let method: HTTPMethod = request.head.method == .HEAD ? .GET : request.head.method
        let changes = target.path == "/logging" && !target.query.isEmpty
        guard page.methods.contains(method), !(changes && method == .GET) else {
            let allowed = changes ? [.POST] : page.methods
            var response = SmallHTTPResponse.text("use \(allowed.map(\.rawValue).joined(separator: " or "))\n")
            response.status = .methodNotAllowed
            response.headers.add(name: "allow", value: allowed.map(\.rawValue).joined(separator: ", "))
            return response
        }
        return await self.render(target, method: method)
    }

    private func render(_ target: AdminTarget, method: HTTPMethod) async -> SmallHTTPResponse {
        let asText = target.query.contains { $0.name == "format" && $0.value == "text" }
        switch target.path {
        case "/ready": return self.ready(await self.source.status())
        case "/healthz": return .text("ok\n")
        case "/stats/prometheus":
            let page = PrometheusPage.render(
                await self.source.status(),
                state: self.source.configurationState(),
                version: self.source.version,
                more: self.source.moreMetrics()
            )
            return .text(page, type: "text/plain; version=0.0.4; charset=utf-8")
        case "/config_dump":
            return .json(
                ConfigurationDump.render(
                    self.source.configuration,
                    generation: await self.source.status().generation,
                    state: self.source.configurationState(),
                    version: self.source.version
                )
            )
        case "/clusters":
            let status = await self.source.status()
            return asText ? .text(StatusText.clusters(status)) : .json(StatusJSON.clusters(status))
        case "/listeners":
            let status = await self.source.status()
            return asText ? .text(StatusText.listeners(status)) : .json(StatusJSON.listeners(status))
        case "/plugins":
            let status = await self.source.status()
            return asText
                ? .text(StatusText.plugins(status, now: Double(Clock.wall()) / 1e9)) : .json(StatusJSON.plugins(status))
        case "/logging": return self.logging(target.query)
        case "/quitquitquit":
            self.source.log.log(.admin, .info, "asked to quit by POST /quitquitquit")
            self.source.quit()
            return .text("draining\n")
        default: return self.index()
        }
    }

    /// A page on the web can make a browser send requests here. Two signs tell: a `Host` that is somebody's name
    /// (DNS rebinding), and, for changes, an `Origin` that is not this server.
    private func refusal(of request: SmallHTTPRequest) -> SmallHTTPResponse? {
        let hosts = request.head.headers["host"]
        if self.loopbackOnly, !hosts.allSatisfy({ HostPort.isAddressOrLoopback(hostHeader: $0) }) {
            return .text("this server answers to localhost and IP addresses only\n", status: .forbidden)
        }
        let host = hosts.first ?? ""
        let foreign = request.head.headers["origin"].contains { $0 != "http://\(host)" && $0 != "https://\(host)" }
        if foreign, request.head.method != .GET, request.head.method != .HEAD {
            return .text("changes are not taken from other origins\n", status: .forbidden)
        }
        return nil
    }

    private func ready(_ status: GatewayStatus) -> SmallHTTPResponse {
        let awaited = StatusText.awaited(status, state: self.source.configurationState())
        guard !awaited.isEmpty else { return .text("ready\n") }
        return .text("not ready\n" + awaited.map { $0 + "\n" }.joined(), status: .serviceUnavailable)
    }

    private func logging(_ query: [AdminTarget.Item]) -> SmallHTTPResponse {
        let parts = query.map { item in
            switch item.name {
            case "level": item.value
            case "paths": item.value  // As Envoy takes several: ?paths=wasm:debug,misc:error
            default: "\(item.name):\(item.value)"
            }
        }
        if !parts.isEmpty {
            do throws(LogLevelSpecification.Problem) {
                try LogLevelSpecification(parsing: parts.joined(separator: ",")).apply(to: self.source.log)
            } catch {
                return .text("\(error)\n", status: .badRequest)
            }
        }
        let lines = GatewayLog.Component.allCases.map { "  \($0.rawValue): \(self.source.log.level($0).name)\n" }
        return .text("active loggers:\n" + lines.joined())
    }

    private func index() -> SmallHTTPResponse {
        let rows = Self.pages.map { path, page in
            page.methods.contains(.GET)
                ? "<tr><td><a href=\"\(path)\">\(path)</a></td><td>\(page.help)</td></tr>\n"
                : "<tr><td>\(path)</td><td>\(page.help)</td></tr>\n"
        }
        return .text(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mizzen</title>"
                + "<h1>Mizzen \(self.source.version)</h1>\n<table>\n\(rows.joined())</table></html>\n",
            type: "text/html; charset=utf-8"
        )
    }
}

extension SmallHTTPResponse {
    static func text(
        _ text: String,
        status: HTTPResponseStatus = .ok,
        type: String = "text/plain; charset=utf-8"
    ) -> SmallHTTPResponse {
        SmallHTTPResponse(status: status, headers: Self.headers(type), body: ByteBuffer(string: text))
    }

    static func json(_ value: JSONValue) -> SmallHTTPResponse {
        SmallHTTPResponse(headers: Self.headers("application/json"), body: ByteBuffer(bytes: value.encoded()))
    }

    private static func headers(_ type: String) -> HTTPHeaders {
        ["content-type": type, "cache-control": "no-cache, max-age=0", "x-content-type-options": "nosniff"]
    }
}
