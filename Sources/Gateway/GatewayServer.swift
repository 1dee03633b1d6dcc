import NIOCore
import NIOPosix
import ProxyWasm
import Synchronization

/// Nothing of a configuration could be applied; the last good one keeps serving.
package struct ApplyError: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// The data plane: workers, listeners, and the way a configuration reaches them.
package final class GatewayServer: Sendable {
    private let options: GatewayOptions
    private let modules: any ModuleProvider
    private let log: GatewayLog
    private let group: MultiThreadedEventLoopGroup
    private let workers: [WorkerHandle]
    private let services = SharedServices()
    private let accessLog: OutputWriter?
    private let applier: ConfigurationApplier
    private let applied = Mutex(GatewayConfiguration())
    private let startTime = Clock.monotonic()

    package init(options: GatewayOptions, modules: any ModuleProvider, log: GatewayLog) {
        self.options = options
        self.modules = modules
        self.log = log
        let group = MultiThreadedEventLoopGroup(numberOfThreads: options.workers)
        self.group = group
        let accessLog = options.accessLog ? OutputWriter(descriptor: options.accessLogDescriptor) : nil
        self.accessLog = accessLog
        let services = self.services
        var workers: [WorkerHandle] = []
        var index = 0
        for loop in group.makeIterator() {
            let number = index
            // A worker is made on the loop that will own it.
            let handle = try? loop.submit {
                let worker = Worker(
                    index: number,
                    eventLoop: loop,
                    options: options,
                    log: log,
                    services: services,
                    accessLog: accessLog
                )
                worker.start()
                return WorkerHandle(worker)
            }.wait()
            if let handle { workers.append(handle) }
            index += 1
        }
        self.workers = workers
        self.applier = ConfigurationApplier(options: options, workers: workers, modules: modules, log: log)
    }

    /// Loads plugins, binds new listeners, hands every worker the new snapshot. A plugin's trouble stays
    /// with that plugin. Calls queue up: the last one wins.
    package func apply(_ configuration: GatewayConfiguration) async throws(ApplyError) {
        try await self.applier.apply(configuration)
        self.applied.withLock { $0 = configuration }
    }

    /// The configuration that was applied last.
    package var configuration: GatewayConfiguration { self.applied.withLock { $0 } }

    package func status() async -> GatewayStatus {
        var reports: [WorkerReport] = []
        for worker in self.workers {
            if let report = await worker.run({ $0.report() }) { reports.append(report) }
        }
        return await self.applier.status(
            reports: reports,
            uptimeSeconds: Double(Clock.monotonic() &- self.startTime) / 1_000_000_000,
            metrics: self.services.metricSamples()
        )
    }

    /// Stops accepting, lets streams finish (`drainTimeoutSeconds`), closes.
    package func shutDown() async {
        await self.applier.stopAccepting()
        for worker in self.workers { _ = await worker.run { $0.drain() } }
        let deadline = Clock.monotonic() &+ UInt64(max(0, self.options.drainTimeoutSeconds)) &* 1_000_000_000
        while Clock.monotonic() < deadline {
            var connections = 0
            for worker in self.workers { connections += await worker.run { $0.connectionCount } ?? 0 }
            if connections == 0 { break }
            try? await Task.sleep(for: .milliseconds(20))
        }
        for worker in self.workers { _ = await worker.run { $0.stop() } }
        try? await self.group.shutdownGracefully()
        // After the last stream: its line is still written.
        self.accessLog?.close()
    }
}
