package import ProxyWasm
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Log lines of components, with levels that can be changed while running.
///
/// A line is `2026-11-24T05:00:00.123Z info config message` and leaves in one `write(2)`, so that lines of several
/// threads never mix. Asking whether a line would be written costs one relaxed atomic load.
package final class GatewayLog: Sendable {
    /// Who speaks. Each has its own level.
    package enum Component: String, CaseIterable, Sendable {
        case main, config, fetch, wasm, upstream, downstream, admin, misc

        /// Where the component's level stands in the word of levels.
        fileprivate var shift: UInt64 {
            switch self {
            case .main: 0
            case .config: 8
            case .fetch: 16
            case .wasm: 24
            case .upstream: 32
            case .downstream: 40
            case .admin: 48
            case .misc: 56
            }
        }
    }

    /// Longest line, in bytes, without its newline; the rest of a longer message is cut and marked.
    package static let maximumLineBytes = 16 * 1024

    /// The levels of all components in one word, eight bits each: `Component.shift` says where.
    private let levels: Atomic<UInt64>
    private let descriptor: Int32

    /// A log to standard error where every component has the same level.
    package convenience init(level: LogLevel = .info) {
        self.init(level: level, descriptor: STDERR_FILENO)
    }

    /// A log to a descriptor of the caller's, which stays the caller's.
    package init(level: LogLevel = .info, descriptor: Int32) {
        self.levels = Atomic(UInt64(level.rawValue) &* 0x0101_0101_0101_0101)
        self.descriptor = descriptor
    }

    /// The least severe level that the component still writes.
    package func level(_ component: Component) -> LogLevel {
        LogLevel(rawValue: self.threshold(component)) ?? .info
    }

    package func setLevel(_ component: Component, _ level: LogLevel) {
        let mask = UInt64(0xFF) << component.shift
        let bits = UInt64(level.rawValue) << component.shift
        var old = self.levels.load(ordering: .relaxed)
        while true {
            let (exchanged, current) = self.levels.compareExchange(
                expected: old,
                desired: (old & ~mask) | bits,
                ordering: .relaxed
            )
            if exchanged { return }
            old = current
        }
    }

    /// Gives every component the same level.
    package func setAll(_ level: LogLevel) {
        for component in Component.allCases { self.setLevel(component, level) }
    }

    package func isEnabled(_ component: Component, _ level: LogLevel) -> Bool {
        level.rawValue >= self.threshold(component)
    }

    private func threshold(_ component: Component) -> UInt32 {
        UInt32(truncatingIfNeeded: (self.levels.load(ordering: .relaxed) >> component.shift) & 0xFF)
    }

    /// Writes a line if the component's level lets it. The message is not built otherwise.
    package func log(_ component: Component, _ level: LogLevel, _ message: @autoclosure () -> String) {
        guard self.isEnabled(component, level) else { return }
        var text = message()
        text.withUTF8 { self.emit(level, component, prefix: "", bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Writes a plugin's own line: `TIME LEVEL wasm wasm log NAMESPACE.NAME: MESSAGE`.
    ///
    /// The bytes come from a guest: control characters and invalid UTF-8 are escaped, and the length is bounded.
    package func pluginLine(_ level: LogLevel, plugin: String, bytes: UnsafeRawBufferPointer) {
        guard self.isEnabled(.wasm, level) else { return }
        self.emit(level, .wasm, prefix: "wasm log \(plugin): ", bytes: bytes)
    }

    private func emit(_ level: LogLevel, _ component: Component, prefix: String, bytes: UnsafeRawBufferPointer) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var line: [UInt8] = []
        line.reserveCapacity(64 + prefix.utf8.count + min(bytes.count, Self.maximumLineBytes))
        LogLine.appendTimestamp(seconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec), to: &line)
        line.append(UInt8(ascii: " "))
        line.append(contentsOf: level.name.utf8)
        line.append(UInt8(ascii: " "))
        line.append(contentsOf: component.rawValue.utf8)
        line.append(UInt8(ascii: " "))
        line.append(contentsOf: prefix.utf8)
        LogLine.appendEscaped(bytes, limit: Self.maximumLineBytes, to: &line)
        line.append(UInt8(ascii: "\n"))
        self.write(line)
    }

    private func write(_ line: [UInt8]) {
        line.withUnsafeBytes { bytes in
            var offset = 0
            // One call in all but the rare short write or interrupted call. A log that cannot be written is lost.
            while offset < bytes.count {
                guard let base = bytes.baseAddress else { return }
                #if canImport(Glibc)
                let written = Glibc.write(self.descriptor, base + offset, bytes.count - offset)
                #elseif canImport(Musl)
                let written = Musl.write(self.descriptor, base + offset, bytes.count - offset)
                #else
                let written = Darwin.write(self.descriptor, base + offset, bytes.count - offset)
                #endif
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return }
                offset += written
            }
        }
    }
}
