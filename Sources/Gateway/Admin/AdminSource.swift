/// What the admin server asks of the process it belongs to.
package protocol AdminSource: Sendable {
    /// Version of the program, for `/` and `mizzen_build_info`.
    var version: String { get }
    /// The configuration that serves now.
    var configuration: GatewayConfiguration { get }
    var log: GatewayLog { get }

    func status() async -> GatewayStatus
    /// How the latest edit of the configuration fared.
    func configurationState() -> ConfigurationState
    /// Begins the same drain as SIGTERM; returns at once.
    func quit()
    /// What is counted elsewhere and belongs on the metrics page.
    func moreMetrics() -> [MetricFamily]
}

extension AdminSource {
    package func moreMetrics() -> [MetricFamily] { [] }
}

/// What became of the edits of the configuration.
package struct ConfigurationState: Sendable, Equatable {
    /// Number of the configuration that was applied last; 0 when none was yet.
    package var applied: Int
    /// Edits of which something was not applied, since the start.
    package var rejected: Int
    /// Problems of the latest edit, a line each: `FILE:LINE:COL: ns/name: field.path: message`. Empty when all is well.
    package var problems: [String]

    package init(applied: Int = 0, rejected: Int = 0, problems: [String] = []) {
        self.applied = applied
        self.rejected = rejected
        self.problems = problems
    }
}
