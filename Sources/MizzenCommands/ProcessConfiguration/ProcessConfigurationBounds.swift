/// What values of the process configuration may be, whether they come from the file or the environment.
enum ProcessConfigurationBounds {
    static let cacheBytes: ClosedRange<UInt64> = (1 << 20)...(1 << 44)
    static let expirySeconds: ClosedRange<Double> = 1...(10 * 365 * 86_400)
    static let purgeIntervalSeconds: ClosedRange<Double> = 1...(30 * 86_400)
    static let requestTimeoutSeconds: ClosedRange<Double> = 0.1...600
    static let attempts: ClosedRange<Int64> = 1...20
    static let deadlineSeconds: ClosedRange<Double> = 0.1...3600
    static let moduleBytes: ClosedRange<UInt64> = 1024...(1 << 30)
    static let refreshSeconds: ClosedRange<Double> = 0...(30 * 86_400)
    /// A shorter interval would be a load on registries for no gain.
    static let shortestRefreshSeconds: Double = 1
    static let networks = 1000
    static let registries = 1000
    static let keys = 32
    static let fileBytes = 1 << 20
}
