/// What WasmPlugin has no fields for: `mizzen.dev/…` annotations.
enum PluginAnnotations {
    static let prefix = "mizzen.dev/"

    private typealias Path<Value> = any WritableKeyPath<WasmPlugin.Limits, Value?> & Sendable

    /// How an annotation's text is read, within which bounds, and where the value goes.
    private enum Rule {
        /// Bounds in milliseconds.
        case duration(Path<UInt32>, ClosedRange<UInt32>, String)
        case size(Path<UInt64>, ClosedRange<UInt64>, String)
        case count(Path<UInt32>, ClosedRange<UInt32>)
        case headersStopIteration
        case refreshInterval
        /// Of Envoy's `vm_config`.
        case vm
    }

    private static let rules: KeyValuePairs<String, Rule> = [
        "callback-deadline": .duration(
            \.callbackDeadlineMilliseconds, 1...60_000, "a duration from 1ms to 60s, e.g. \"100ms\""),
        "stream-cpu-budget": .duration(
            \.streamCPUMilliseconds, 10...3_600_000, "a duration from 10ms to 1h, e.g. \"500ms\""),
        "memory-limit": .size(\.memoryBytes, (64 << 10)...(4 << 30), "a size from 64Ki to 4Gi, e.g. \"256Mi\""),
        "table-limit": .count(\.tableElements, 1...10_000_000),
        "http-calls": .count(\.httpCalls, 0...100_000),
        "grpc-calls": .count(\.grpcCalls, 0...100_000),
        "name-lookups": .count(\.nameLookups, 0...10_000),
        "shared-data-bytes": .size(\.sharedDataBytes, 0...(64 << 20), "a size up to 64Mi, e.g. \"1Mi\""),
        "shared-data-items": .count(\.sharedDataItems, 0...100_000),
        "shared-queue-bytes": .size(\.sharedQueueBytes, 0...(64 << 20), "a size up to 64Mi, e.g. \"1Mi\""),
        "shared-queue-items": .count(\.sharedQueueItems, 0...1_000_000),
        "message-size": .size(\.messageBytes, 0...(64 << 20), "a size up to 64Mi, e.g. \"1Mi\""),
        "log-lines": .count(\.logLinesPerSecond, 0...1_000_000),
        "log-bytes": .size(\.logBytesPerSecond, 0...(1 << 30), "a size up to 1Gi, e.g. \"64Ki\""),
        "metrics": .count(\.metrics, 0...10_000),
        "allow-headers-stop-iteration": .headersStopIteration,
        "refresh-interval": .refreshInterval,
        "vm-id": .vm,
        "vm-configuration": .vm,
        "allowed-capabilities": .vm,
    ]

    static func read(_ context: DecodingContext, into plugin: inout WasmPlugin) {
        for (key, value) in plugin.metadata.annotations.sorted(by: { $0.key < $1.key }) where key.hasPrefix(self.prefix)
        {
            guard let problem = self.read(key.dropFirst(self.prefix.count), value, into: &plugin) else { continue }
            let position = plugin.metadata.position
            context.report(
                .error,
                line: position.line,
                column: position.column,
                path: "metadata.annotations[\(key.prefix(128))]",
                problem
            )
        }
    }

    /// What is wrong with the value; nil: it was stored.
    private static func read(_ key: Substring, _ value: String, into plugin: inout WasmPlugin) -> String? {
        guard let rule = self.rules.first(where: { $0.key == key })?.value else {
            return "unknown annotation; one of \(self.rules.map(\.key).joined(separator: ", "))"
        }
        switch rule {
        case .duration(let path, let range, let wanted):
            guard let nanoseconds = GoDuration.nanoseconds(value), nanoseconds >= 0,
                let milliseconds = UInt32(exactly: nanoseconds / 1_000_000), range.contains(milliseconds),
                nanoseconds <= Int64(range.upperBound) * 1_000_000
            else { return "must be \(wanted)" }
            plugin.limits[keyPath: path] = milliseconds
        case .size(let path, let range, let wanted):
            guard let bytes = ByteQuantity.bytes(value), range.contains(bytes) else { return "must be \(wanted)" }
            plugin.limits[keyPath: path] = bytes
        case .count(let path, let range):
            guard let number = UInt32(value), value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                range.contains(number)
            else { return "must be a number from \(range.lowerBound) to \(range.upperBound)" }
            plugin.limits[keyPath: path] = number
        case .headersStopIteration:
            guard let flag = Bool(value) else { return "must be \"true\" or \"false\"" }
            plugin.allowOnHeadersStopIteration = flag
        case .refreshInterval:
            guard let nanoseconds = GoDuration.nanoseconds(value), nanoseconds == 0 || nanoseconds >= 1_000_000_000
            else { return "must be a duration of 1s or more, or \"0\" for never" }
            plugin.refreshSeconds = Double(nanoseconds) / 1e9
        case .vm:
            return self.readVM(key, value, into: &plugin)
        }
        return nil
    }
}
