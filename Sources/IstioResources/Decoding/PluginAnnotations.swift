/// What WasmPlugin has no fields for: `mizzen.dev/…` annotations.
enum PluginAnnotations {
    static let prefix = "mizzen.dev/"

    static func read(_ context: DecodingContext, into plugin: inout WasmPlugin) {
        for (key, value) in plugin.metadata.annotations.sorted(by: { $0.key < $1.key }) where key.hasPrefix(self.prefix)
        {
            func refuse(_ message: String) {
                let position = plugin.metadata.position
                context.report(
                    .error,
                    line: position.line,
                    column: position.column,
                    path: "metadata.annotations[\(key.prefix(128))]",
                    message
                )
            }
            switch key.dropFirst(self.prefix.count) {
            case "callback-deadline":
                if let nanoseconds = GoDuration.nanoseconds(value),
                    (1_000_000...60_000_000_000).contains(nanoseconds)
                {
                    plugin.callbackDeadlineMilliseconds = UInt32(nanoseconds / 1_000_000)
                } else {
                    refuse("must be a duration from 1ms to 60s, e.g. \"100ms\"")
                }
            case "memory-limit":
                if let bytes = ByteQuantity.bytes(value), (UInt64(64 << 10)...(4 << 30)).contains(bytes) {
                    plugin.memoryLimitBytes = bytes
                } else {
                    refuse("must be a size from 64Ki to 4Gi, e.g. \"256Mi\"")
                }
            case "allow-headers-stop-iteration":
                switch value {
                case "true": plugin.allowOnHeadersStopIteration = true
                case "false": plugin.allowOnHeadersStopIteration = false
                default: refuse("must be \"true\" or \"false\"")
                }
            default:
                refuse("unknown annotation; one of callback-deadline, memory-limit, allow-headers-stop-iteration")
            }
        }
    }
}
