import Dispatch
import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Starts a plugin once, off the workers and on a VM of its own, before they get it: a plugin that refuses its
/// configuration never replaces one that works, and takes no neighbour down.
enum PluginTrial {
    static func run(
        _ module: PluginModule,
        _ definition: PluginDefinition,
        options: GatewayOptions,
        log: GatewayLog
    ) async -> TrialVerdict {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                let begin = self.cpuNanoseconds()
                let failure = self.start(module, definition, options, log)
                let milliseconds = (self.cpuNanoseconds() &- begin) / 1_000_000
                continuation.resume(
                    returning: TrialVerdict(failure: failure, milliseconds: UInt32(clamping: milliseconds))
                )
            }
        }
    }

    /// Of this thread.
    private static func cpuNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    private static func start(
        _ module: PluginModule,
        _ definition: PluginDefinition,
        _ options: GatewayOptions,
        _ log: GatewayLog
    ) -> PluginFailure? {
        let host = TrialHost(name: definition.name, options: options, log: log)
        do throws(PluginFailure) {
            // Shared data of a trial is its own: the plugin must not find traces of it later.
            let vm = try PluginVM(module: module, definition: definition, host: host, services: SharedServices())
            _ = try vm.startPlugin(definition, validates: true)
            // Dropped without on_done, as Envoy drops its canary.
            return vm.failure
        } catch {
            return error
        }
    }
}

/// Shows warnings and errors only: the workers' starts write the plugin's other lines.
private final class TrialHost: PluginHost {
    private let name: String
    private let options: GatewayOptions
    private let output: GatewayLog

    init(name: String, options: GatewayOptions, log: GatewayLog) {
        self.name = name
        self.options = options
        self.output = log
    }

    var logLevel: LogLevel { max(.warn, self.output.level(.wasm)) }

    func log(_ level: LogLevel, plugin: PluginContext?, message: UnsafeRawBufferPointer) {
        self.output.pluginLine(level, plugin: self.name, bytes: message)
    }

    func currentTimeNanoseconds() -> UInt64 { Clock.wall() }
    func monotonicTimeNanoseconds() -> UInt64 { Clock.monotonic() }

    func fillRandom(_ target: UnsafeMutableRawBufferPointer) {
        var generator = SystemRandomNumberGenerator()
        for index in target.indices { target[index] = UInt8.random(in: 0...255, using: &generator) }
    }

    func setTickPeriod(milliseconds: UInt32, plugin: PluginContext) {}

    func startHTTPCall(
        token: UInt32,
        plugin: PluginContext,
        cluster: UnsafeRawBufferPointer,
        headers: HeaderMap,
        body: UnsafeRawBufferPointer,
        trailers: HeaderMap,
        timeoutMilliseconds: UInt32
    ) -> Status {
        // Accepted and never answered: a plugin that calls out while it starts must not fail its trial.
        .ok
    }

    func cancelHTTPCall(token: UInt32) {}

    /// The same.
    func startNameLookup(token: UInt32, plugin: PluginContext, name: UnsafeRawBufferPointer) -> Status { .ok }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        RootAttributes.get(path, node: self.options.node, into: &attribute)
    }

    var foreignFunctions: (any ForeignFunctionProvider)? { self.options.foreignFunctions }
    let grpc: (any GRPCHost)? = SilentGRPC()
    func vmDidFail(_ vm: PluginVM) {}
}
