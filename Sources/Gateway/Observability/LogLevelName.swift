package import ProxyWasm

extension LogLevel {
    /// As written in log lines and understood by `--log-level` and the admin's `/logging`.
    package var name: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .warn: "warn"
        case .error: "error"
        case .critical: "critical"
        }
    }

    /// Reads a level's name; `warning` and `off` (nothing but critical lines) are understood too.
    package init?(name: some StringProtocol) {
        switch name.lowercased() {
        case "trace": self = .trace
        case "debug": self = .debug
        case "info": self = .info
        case "warn", "warning": self = .warn
        case "error", "err": self = .error
        case "critical", "off": self = .critical
        default: return nil
        }
    }
}

/// Levels per component, as `--log-level` gives them: `debug`, or `misc:error,wasm:debug`, or both mixed, where a
/// plain level stands for all components and the ones named after it differ.
package struct LogLevelSpecification: Sendable, Equatable {
    /// What is wrong with a specification.
    package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String
    }

    package var all: LogLevel?
    package var components: [GatewayLog.Component: LogLevel] = [:]

    package init(parsing text: String) throws(Problem) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
            guard let last = pieces.last, pieces.count <= 2, let level = LogLevel(name: last) else {
                throw Problem(
                    description: "log level \"\(part.prefix(64))\": use LEVEL or COMPONENT:LEVEL, "
                        + "levels \(LogLevel.allCases.map(\.name).joined(separator: ", "))"
                )
            }
            guard pieces.count == 2 else {
                self.all = level
                continue
            }
            guard let component = GatewayLog.Component(rawValue: String(pieces[0])) else {
                throw Problem(
                    description: "no log component \"\(pieces[0].prefix(64))\": there are "
                        + GatewayLog.Component.allCases.map(\.rawValue).joined(separator: ", ")
                )
            }
            self.components[component] = level
        }
    }

    /// Sets the levels it names; others stay.
    package func apply(to log: GatewayLog) {
        if let all = self.all { log.setAll(all) }
        for (component, level) in self.components { log.setLevel(component, level) }
    }
}
