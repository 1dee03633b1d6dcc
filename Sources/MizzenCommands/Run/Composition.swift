import ForeignFunctions
import Gateway
import ProxyWasm
import WasmtimeEngine

/// Wires the gateway together and runs it until it is told to stop. The only place that sees every part.
struct Composition {
    let settings: RunSettings
    let loader: any ConfigurationLoader

    /// engine → modules → gateway → admin pages → watcher. Returns after the drain; throws when it could not start.
    func run() async throws {
        let log = GatewayLog()
        self.settings.logLevels?.apply(to: log)
        // The watcher remembers the files as they are before they are loaded: an edit in between is not missed.
        let source = FileSource(
            roots: self.settings.watchedPaths,
            timing: FileSource.Timing(pollMilliseconds: self.settings.watchIntervalMilliseconds)
        )
        let signals = Signals.terminations()

        let engine = try WasmtimeEngine(
            cacheDirectory: self.settings.cacheDirectory,
            report: { log.log(.wasm, .warn, $0) }
        )
        let modules = try ModuleSources(settings: self.settings, engine: engine, log: log)
        let server = self.makeServer(modules: modules.provider, log: log)
        let reloader = ConfigurationReloader(loader: self.loader, log: log) { try await server.apply($0) }
        let (stops, stop) = AsyncStream.makeStream(of: StopReason.self, bufferingPolicy: .bufferingNewest(8))
        let running = RunningGateway(server: server, reloader: reloader, modules: modules, log: log) {
            stop.yield(.quit)
        }
        let admin = AdminServer(address: self.settings.adminAddress, source: running, log: log)

        do {
            try await admin.start()
        } catch {
            throw CommandFailure("--admin-address \(self.settings.adminAddress): cannot listen: \(error)")
        }
        let signalTask = Task {
            for await number in signals { stop.yield(.signal(number)) }
        }
        // Modules may take long to load: a signal ends the process meanwhile, too.
        let serving = Task {
            try await reloader.start()
            self.logStart(engine: engine, server: server, log: log)
            StartupPages.release()
            guard !self.settings.watchedPaths.isEmpty || !reloader.moduleFiles.isEmpty else { return }
            var source = source
            await source.run(extraFiles: reloader.moduleFiles) { changed in
                await reloader.reload(changed: changed)
                StartupPages.release()
                return reloader.moduleFiles
            }
        }
        let failureTask = Task {
            if case .failure(let error) = await serving.result { stop.yield(.failed("\(error)")) }
        }

        var iterator = stops.makeAsyncIterator()
        let reason = await iterator.next()
        serving.cancel()
        if case .failed(let message) = reason {
            await admin.stop()
            throw CommandFailure(message)
        }
        log.log(.main, .info, "\(reason.map { "\($0)" } ?? "stop"): draining")
        let secondTask = Task {
            for await reason in stops {
                if case .signal(let number) = reason { Signals.exitNow(number) }
            }
        }
        await server.shutDown()
        await admin.stop()
        await modules.stop()
        signalTask.cancel()
        failureTask.cancel()
        secondTask.cancel()
        log.log(.main, .info, "stopped")
    }

    private func makeServer(modules: any ModuleProvider, log: GatewayLog) -> GatewayServer {
        var options = GatewayOptions(workers: self.settings.workers)
        options.accessLog = self.settings.accessLog
        options.accessLogFormat = self.settings.accessLogFormat
        options.foreignFunctions = ForeignFunctionRegistry.envoy
        options.node = self.settings.node
        options.drainTimeoutSeconds = self.settings.drainTimeoutSeconds
        return GatewayServer(options: options, modules: modules, log: log)
    }

    private func logStart(engine: WasmtimeEngine, server: GatewayServer, log: GatewayLog) {
        let configuration = server.configuration
        let listeners = configuration.listeners.map(\.name).joined(separator: ", ")
        let plugins = configuration.plugins.map(\.key).joined(separator: ", ")
        log.log(
            .main,
            .info,
            "mizzen \(MizzenVersion.current) serves with \(ConfigurationReloader.count(self.settings.workers, "worker")), "
                + "engine \(engine.description), listeners [\(listeners)], plugins [\(plugins)]"
        )
    }

    private enum StopReason: Sendable, CustomStringConvertible {
        case signal(Int32)
        case quit
        case failed(String)

        var description: String {
            switch self {
            case .signal(let number): Signals.name(number)
            case .quit: "POST /quitquitquit"
            case .failed(let message): message
            }
        }
    }
}
