import IstioResources
import ProxyWasm

extension VMLimits {
    /// These limits, but for what a plugin's annotations say.
    func overridden(by annotations: WasmPlugin.Limits) -> VMLimits {
        var limits = self
        func set<Value>(_ path: WritableKeyPath<VMLimits, Value>, _ value: Value?) {
            if let value { limits[keyPath: path] = value }
        }
        set(\.callbackDeadlineMilliseconds, annotations.callbackDeadlineMilliseconds)
        set(\.streamCPUMilliseconds, annotations.streamCPUMilliseconds)
        set(\.memoryBytes, annotations.memoryBytes)
        set(\.tableElements, annotations.tableElements)
        set(\.httpCalls, annotations.httpCalls)
        set(\.grpcCalls, annotations.grpcCalls)
        set(\.nameLookups, annotations.nameLookups)
        set(\.sharedDataBytes, annotations.sharedDataBytes)
        set(\.sharedDataItems, annotations.sharedDataItems)
        set(\.sharedQueueBytes, annotations.sharedQueueBytes)
        set(\.sharedQueueItems, annotations.sharedQueueItems)
        set(\.messageBytes, annotations.messageBytes)
        set(\.logLinesPerSecond, annotations.logLinesPerSecond)
        set(\.logBytesPerSecond, annotations.logBytesPerSecond)
        set(\.metrics, annotations.metrics)
        return limits
    }
}
