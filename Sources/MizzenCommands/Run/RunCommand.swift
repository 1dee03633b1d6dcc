import ArgumentParser
import Gateway
import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the gateway.",
        discussion: """
            Configured by YAML (-f), which is watched, or by --plugin and --upstream for a quick try. SIGTERM drains.

            EXAMPLES
              mizzen run -f config/
              mizzen run --plugin auth.wasm --config '{"realm":"x"}' --upstream http://127.0.0.1:9000 --port 8080
            """
    )

    @OptionGroup(title: "Resources")
    var resources: ResourceOptions

    @OptionGroup(title: "Process")
    var process: ProcessConfigurationOptions

    @OptionGroup(title: "Quick form")
    var quick: QuickOptions

    @Option(help: "Where the admin pages listen.")
    var adminAddress = HostPort(host: "127.0.0.1", port: 15000)

    @Option(help: "Worker threads. (default: one per core)")
    var concurrency: Int?

    @Option(
        help: "LEVEL, or COMPONENT:LEVEL,…; components: main, config, fetch, wasm, upstream, downstream, admin, misc."
    )
    var logLevel: LogLevelSpecification?

    @Option(
        help: "Keeps compiled modules between runs. (default: $XDG_CACHE_HOME/mizzen or ~/.cache/mizzen)",
        completion: .directory
    )
    var cacheDir: String?

    @Option(help: "How long a drain waits for requests under way, e.g. 30s; a bare number counts seconds.")
    var drainTimeout = DurationArgument(milliseconds: 30_000)

    @Option(help: "CPU time that one plugin callback may use, e.g. 100ms; a bare number counts milliseconds.")
    var callbackDeadline = DurationArgument(milliseconds: 100)

    @Option(help: "Memory that one plugin instance may use, e.g. 256MiB.")
    var memoryLimit = SizeArgument(bytes: 256 << 20)

    @Option(help: "How often watched files are looked at, e.g. 5s for a slow network mount.")
    var watchInterval = DurationArgument(milliseconds: 250)

    @Option(help: "on or off: write a line per request to stdout.")
    var accessLog = Switch.on

    @Option(
        help: ArgumentHelp(
            "The line's form, with Envoy's operators: '%START_TIME% %REQ(:METHOD)% %RESPONSE_CODE%'. (default: Istio's)",
            valueName: "text"),
        transform: AccessLogFormatArgument.parse)
    var accessLogFormat: AccessLogFormat?

    func validate() throws {
        if let concurrency = self.concurrency, !(1...1024).contains(concurrency) {
            throw ValidationError("--concurrency \(concurrency): use 1 to 1024")
        }
        if self.callbackDeadline.milliseconds == 0 { throw ValidationError("--callback-deadline: must be above 0") }
        if self.watchInterval.milliseconds < 10 { throw ValidationError("--watch-interval: use 10ms or more") }
        if !(65_536...(4 << 30)).contains(self.memoryLimit.bytes) {
            throw ValidationError("--memory-limit: use 64KiB to 4GiB")
        }
        if self.quick.plugin != nil || self.quick.upstream != nil {
            guard self.resources.paths.isEmpty else { throw ValidationError("use either -f or --plugin, not both") }
            guard self.quick.plugin != nil, self.quick.upstream != nil, self.quick.port != nil else {
                throw ValidationError("the quick form needs --plugin, --upstream and --port")
            }
        } else if self.resources.paths.isEmpty {
            throw ValidationError("nothing to run: give -f PATH, or --plugin, --upstream and --port")
        }
    }

    func run() async throws {
        let process = try self.process.load()
        var settings = RunSettings(workers: self.concurrency ?? Self.cores)
        settings.process = process
        settings.adminAddress = self.adminAddress
        settings.logLevels = self.logLevel
        settings.cacheDirectory = self.cacheDir ?? process.cache.directory ?? Self.defaultCacheDirectory
        settings.drainTimeoutSeconds = Int(clamping: self.drainTimeout.seconds)
        settings.accessLog = self.accessLog == .on
        settings.accessLogFormat = self.accessLogFormat
        settings.watchedPaths = self.resources.paths
        settings.node = GatewayNode.identity(self.resources.identity, environment: ProcessEnvironment.variables())
        settings.watchIntervalMilliseconds = Int(clamping: self.watchInterval.milliseconds)
        try await Composition(settings: settings, loader: self.makeLoader()).run()
    }

    private func makeLoader() throws -> any ConfigurationLoader {
        let limits = VMLimits(
            memoryBytes: self.memoryLimit.bytes,
            callbackDeadlineMilliseconds: UInt32(clamping: self.callbackDeadline.milliseconds)
        )
        if let quick = self.quick.form {
            return FixedConfiguration(
                try quick.makeConfiguration(namespace: self.resources.namespace, limits: limits)
            )
        }
        return ResourceLoader(options: self.resources, limits: limits)
    }

    private static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    private static var defaultCacheDirectory: String? {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        if let cache = variable("XDG_CACHE_HOME") { return cache + "/mizzen" }
        return variable("HOME").map { $0 + "/.cache/mizzen" }
    }
}

/// An option that can be turned on and off.
enum Switch: String, ExpressibleByArgument, CaseIterable {
    case on, off
}

/// One plugin before one upstream, without YAML.
struct QuickOptions: ParsableArguments {
    @Option(help: "A plugin's module to run, without any YAML.", completion: .file(extensions: ["wasm"]))
    var plugin: String?

    @Option(help: "The plugin's configuration: JSON, or @FILE.")
    var config: String?

    @Option(help: "Where requests go: http://HOST[:PORT].")
    var upstream: String?

    @Option(help: "Port to listen on.")
    var port: UInt16?

    @Option(help: "Address to listen on.")
    var address = "127.0.0.1"

    var form: QuickForm? {
        guard let plugin = self.plugin, let upstream = self.upstream, let port = self.port else { return nil }
        return QuickForm(
            plugin: plugin,
            configuration: self.config,
            upstream: upstream,
            address: self.address,
            port: Int(port)
        )
    }
}
