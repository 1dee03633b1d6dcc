import ArgumentParser
import Gateway
import NIOHTTP1

struct ProxyConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy-config",
        abstract: "Show what a running gateway is doing.",
        subcommands: [
            ProxyConfigClusters.self, ProxyConfigListeners.self, ProxyConfigRoutes.self, ProxyConfigPlugins.self,
            ProxyConfigLog.self,
        ],
        aliases: ["pc"]
    )
}

struct ProxyConfigOptions: ParsableArguments {
    enum Output: String, ExpressibleByArgument, CaseIterable {
        case table, json, yaml
    }

    @Option(help: "Where the gateway's admin pages listen.")
    var adminAddress = HostPort(host: "127.0.0.1", port: 15000)

    @Option(name: .shortAndLong, help: "table, json or yaml.")
    var output = Output.table

    func page(_ uri: String) async throws -> JSONDocument {
        try JSONDocument.parse(try await AdminClient(address: self.adminAddress).request(.GET, uri))
    }

    /// Prints rows: as a table of the columns, or whole.
    func show(_ rows: [JSONDocument], columns: [(title: String, cell: (JSONDocument) -> String)]) {
        switch self.output {
        case .table:
            let lines = [columns.map(\.title)] + rows.map { row in columns.map { $0.cell(row) } }
            print(TextTable.render(lines), terminator: "")
        case .json: print(String(decoding: JSONDocument.array(rows).json.encoded(), as: UTF8.self), terminator: "")
        case .yaml: print(JSONDocument.array(rows).yaml(), terminator: "")
        }
    }
}

struct ProxyConfigClusters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clusters", abstract: "Clusters and their endpoints.", aliases: ["cluster", "c"])

    @OptionGroup var options: ProxyConfigOptions
    @Option(help: "Only clusters of this host.") var fqdn: String?
    @Option(help: "Only clusters of this port.") var port: Int?

    func run() async throws {
        let rows = try await self.options.page("/clusters")["clusters"].elements.filter { row in
            let isHost = self.fqdn.map { row["host"] == .string($0) } ?? true
            let isPort = self.port.map { row["port"] == .integer($0) } ?? true
            return isHost && isPort
        }
        self.options.show(
            rows,
            columns: [
                ("SERVICE FQDN", { $0["host"].text }), ("PORT", { $0["port"].text }), ("SUBSET", { $0["subset"].text }),
                ("TYPE", { $0["type"].text }), ("REQUESTS", { $0["requests"].text }),
                (
                    "ENDPOINTS",
                    { row in
                        let addresses = row["endpoints"].elements.map { $0["address"].text }
                        return addresses.isEmpty ? "-" : addresses.joined(separator: ",")
                    }
                ),
            ]
        )
    }
}

struct ProxyConfigListeners: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listeners", abstract: "Listeners and the plugins in their chains.", aliases: ["listener", "l"])

    @OptionGroup var options: ProxyConfigOptions
    @Option(help: "Only the listener of this port.") var port: Int?

    func run() async throws {
        let rows = try await self.options.page("/listeners")["listeners"].elements.filter { row in
            self.port.map { row["port"] == .integer($0) } ?? true
        }
        self.options.show(
            rows,
            columns: [
                ("ADDRESS", { $0["address"].text }), ("PORT", { $0["port"].text }),
                ("PROTOCOL", { $0["protocol"].text }), ("BOUND", { $0["bound"].text }),
                ("CONNECTIONS", { $0["connections"].text }), ("REQUESTS", { $0["requests"].text }),
                ("SERVER NAMES", { Self.serverNames($0) }), ("NETWORK PLUGINS", { $0["networkPlugins"].text }),
                ("PLUGINS", { $0["plugins"].text }),
            ]
        )
    }

    private static func serverNames(_ listener: JSONDocument) -> String {
        let chains = listener["filterChains"].elements.map { chain in
            "\(chain["serverNames"].text) (\(chain["does"].text))"
        }
        return chains.isEmpty ? "-" : chains.joined(separator: ", ")
    }
}

struct ProxyConfigRoutes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes", abstract: "Routes of the listeners, in the order in which they match.",
        aliases: ["route", "r"])

    @OptionGroup var options: ProxyConfigOptions
    @Option(help: "Only routes of this port's listener.") var port: Int?

    func run() async throws {
        let listeners = try await self.options.page("/config_dump")["listeners"].elements.filter { row in
            self.port.map { row["port"] == .integer($0) } ?? true
        }
        var rows: [JSONDocument] = []
        for listener in listeners {
            let chains = listener["filterChains"].elements
            for host in listener["virtualHosts"].elements + chains.flatMap({ $0["virtualHosts"].elements }) {
                for case .object(var route) in host["routes"].elements {
                    route["listener"] = listener["name"]
                    route["virtualHost"] = host["name"]
                    route["domains"] = host["domains"]
                    rows.append(.object(route))
                }
            }
        }
        self.options.show(
            rows,
            columns: [
                ("LISTENER", { $0["listener"].text }), ("VIRTUAL HOST", { $0["virtualHost"].text }),
                ("DOMAINS", { $0["domains"].text }), ("NAME", { $0["name"].text }),
                ("MATCH", { $0["match"].text.isEmpty ? "any" : $0["match"].text }),
                ("ACTION", { Self.action($0) }),
            ]
        )
    }

    private static func action(_ route: JSONDocument) -> String {
        if route["redirect"] != .null { return "redirect \(route["redirect"].text)" }
        if route["direct"] != .null { return "answer \(route["direct"]["status"].text)" }
        return route["forward"]["destinations"].elements.map { destination in
            "\(destination["cluster"].text) (\(destination["weight"].text))"
        }.joined(separator: ", ")
    }
}

struct ProxyConfigPlugins: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "Plugins: state, digest, source, memory, CPU, counts.",
        aliases: ["plugin", "p"])

    @OptionGroup var options: ProxyConfigOptions

    func run() async throws {
        self.options.show(
            try await self.options.page("/plugins")["plugins"].elements,
            columns: [
                ("PLUGIN", { $0["key"].text }), ("PHASE", { $0["phase"].text }), ("PRIORITY", { $0["priority"].text }),
                ("STATE", { $0["state"].text }), ("DIGEST", { String($0["digest"].text.prefix(12)) }),
                ("MEMORY", { $0["memoryBytes"].text }), ("REQUESTS", { $0["requests"].text }),
                ("CALLBACKS", { $0["callbacksTotal"].text }), ("CPU SECONDS", { $0["cpuSeconds"].text }),
                ("TRAPS", { $0["traps"].text }), ("VIOLATIONS", { $0["violationsTotal"].text }),
                ("RESTARTS", { $0["restarts"].text }), ("FAILURES", { $0["failures"].text }),
                ("LAST FAILURE", { $0["lastFailure"] == .null ? "-" : $0["lastFailure"]["time"].text }),
                ("SOURCE", { $0["source"].text }), ("FETCHED", { $0["fetchedAt"].text }),
                ("NEXT ATTEMPT IN S", { $0["nextAttemptSeconds"].text }),
                ("MESSAGE", { $0["message"].text }),
            ]
        )
    }
}

struct ProxyConfigLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Show the log levels, or change them with --level.")

    @Option(help: "Where the gateway's admin pages listen.")
    var adminAddress = HostPort(host: "127.0.0.1", port: 15000)

    @Option(help: "LEVEL, or COMPONENT:LEVEL,…")
    var level: String?

    func validate() throws {
        guard let level = self.level else { return }
        do throws(LogLevelSpecification.Problem) {
            _ = try LogLevelSpecification(parsing: level)
        } catch {
            throw ValidationError("--level: \(error)")
        }
    }

    func run() async throws {
        let client = AdminClient(address: self.adminAddress)
        let body =
            if let level = self.level {
                // A checked specification has nothing in it that a URL would need escaped.
                try await client.request(.POST, "/logging?paths=\(level)")
            } else {
                try await client.request(.GET, "/logging")
            }
        print(String(decoding: body, as: UTF8.self), terminator: "")
    }
}
