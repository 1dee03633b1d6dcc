import Dispatch
import Logging
import NIOCore
import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What a plugin gets outside streams: logs, clocks, ticks, HTTP calls. Fills `PluginHost`; called on the worker's
/// thread only.
final class RuntimeHost: PluginHost {
    private let plugin: ProxyWasmPlugin
    private let runtime: PluginRuntime.ID
    /// Weak, for what may run after the worker's end.
    private weak var worker: PluginWorker?
    private var ticks: [UInt32: Task<Void, any Error>] = [:]
    private var calls: [UInt32: Task<Void, Never>] = [:]
    let queueWaker: (@Sendable () -> Void)?

    init(_ plugin: ProxyWasmPlugin, runtime: PluginRuntime.ID, worker: PluginWorker) {
        self.plugin = plugin
        self.runtime = runtime
        self.worker = worker
        self.queueWaker = { [weak worker] in Task { await worker?.deliverQueueEvents() } }
    }

    deinit { self.stop() }

    private func stop() {
        for tick in self.ticks.values { tick.cancel() }
        for call in self.calls.values { call.cancel() }
        self.ticks = [:]
        self.calls = [:]
    }

    var logLevel: LogLevel {
        switch self.plugin.logger.logLevel {
        case .trace: .trace
        case .debug: .debug
        case .info, .notice: .info
        case .warning: .warn
        case .error: .error
        case .critical: .critical
        }
    }

    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        let line = String(decoding: message, as: UTF8.self)
        switch level {
        case .trace: self.plugin.logger.trace("\(line)")
        case .debug: self.plugin.logger.debug("\(line)")
        case .info: self.plugin.logger.info("\(line)")
        case .warn: self.plugin.logger.warning("\(line)")
        case .error: self.plugin.logger.error("\(line)")
        case .critical: self.plugin.logger.critical("\(line)")
        }
    }

    func currentTimeNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    func monotonicTimeNanoseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {
        var generator = SystemRandomNumberGenerator()
        for index in target.indices { target[index] = UInt8.random(in: 0...255, using: &generator) }
    }

    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) {
        self.ticks.removeValue(forKey: plugin.id)?.cancel()
        guard milliseconds > 0 else { return }
        let root = plugin.id
        self.ticks[root] = Task { [weak worker] in
            while true {
                try await Task.sleep(for: .milliseconds(milliseconds))
                guard let worker else { return }
                await worker.tick(root)
            }
        }
    }

    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status {
        guard let base = self.plugin.clusters[String(decoding: cluster, as: UTF8.self)] else { return .badArgument }
        let call = HTTPCall(
            base: base,
            headers: headers,
            body: ByteBuffer(bytes: body),
            timeoutMilliseconds: timeoutMilliseconds,
            responseLimit: self.plugin.bodyLimit
        )
        // The worker is busy until the guest has returned, so the answer comes later in any case.
        self.calls[token] = Task { [weak worker, runtime] in
            let response = await call.run()
            await worker?.callEnded(token, of: runtime, response)
        }
        return .ok
    }

    func cancelHTTPCall(token: UInt32) { self.calls.removeValue(forKey: token)?.cancel() }

    /// Whether the call was still wanted.
    func forgetCall(_ token: UInt32) -> Bool { self.calls.removeValue(forKey: token) != nil }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status { .notFound }

    func vmDidFail(_ vm: PluginVM) {
        self.plugin.logger.error("plugin failed: \(vm.failure?.message ?? "for no known reason")")
        self.stop()
        Task { [weak worker, runtime] in await worker?.runtimeFailed(runtime) }
    }
}

@available(*, unavailable)
extension RuntimeHost: Sendable {}
