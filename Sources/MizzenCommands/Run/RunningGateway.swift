import Gateway

/// What the admin pages see of a running gateway.
struct RunningGateway: AdminSource {
    let server: GatewayServer
    let reloader: ConfigurationReloader
    let modules: ModuleSources
    let log: GatewayLog
    let stop: @Sendable () -> Void

    var version: String { MizzenVersion.current }
    var configuration: GatewayConfiguration { self.server.configuration }
    func status() async -> GatewayStatus { await self.server.status() }
    func configurationState() -> ConfigurationState { self.reloader.report }
    func moreMetrics() -> [MetricFamily] { self.modules.metrics(plugins: self.configuration.plugins.map(\.key)) }
    func quit() { self.stop() }
}
