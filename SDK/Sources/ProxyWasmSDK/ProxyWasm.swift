internal import CProxyWasmShims

/// How serious a log line is.
public enum LogLevel: UInt32, Sendable {
    case trace = 0
    case debug = 1
    case info = 2
    case warn = 3
    case error = 4
    case critical = 5
}

/// What concerns the whole plugin.
public enum ProxyWasm {
    /// Names the plugin's root context. Call it once, at the top level of `main.swift`:
    /// ```swift
    /// ProxyWasm.register { MyRoot() }
    /// ```
    public static func register(_ makeRoot: @escaping () -> RootContext) {
        Dispatcher.makeRoot = makeRoot
    }

    /// Writes a line to the host's log. Never log secrets.
    public static func log(_ level: LogLevel, _ message: ByteString) {
        _ = Hostcalls.lend(message) { proxy_log(level.rawValue, $0, $1) }
    }

    /// Nanoseconds since 1970.
    public static var currentTime: UInt64 {
        var time: UInt64 = 0
        _ = proxy_get_current_time_nanoseconds(&time)
        return time
    }

    /// A property such as `["source", "address"]`, in the host's encoding; nil when there is none.
    public static func property(_ path: [ByteString]) -> ByteString? {
        let joined = Self.joined(path)
        return try? Hostcalls.receive { value, size in
            Hostcalls.lend(joined) { proxy_get_property($0, $1, value, size) }
        }
    }

    /// Stores a property for later plugins of the same stream.
    public static func setProperty(_ path: [ByteString], to value: ByteString) throws(HostError) {
        let joined = Self.joined(path)
        try Hostcalls.check(
            Hostcalls.lend(joined) { path, pathSize in
                Hostcalls.lend(value) { proxy_set_property(path, pathSize, $0, $1) }
            }
        )
    }

    /// Calls ``RootContext/onTick()`` every so many milliseconds; 0 stops.
    public static func setTickPeriod(milliseconds: UInt32) {
        _ = proxy_set_tick_period_milliseconds(milliseconds)
    }

    private static func joined(_ path: [ByteString]) -> ByteString {
        var bytes: [UInt8] = []
        for (index, segment) in path.enumerated() {
            if index > 0 { bytes.append(0) }
            bytes += segment.bytes
        }
        return ByteString(bytes)
    }
}
