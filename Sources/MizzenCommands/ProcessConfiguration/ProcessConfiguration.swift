package import ModuleFetch

/// What `mizzen.yaml` and the environment say about the process, beside the resources it serves.
package struct ProcessConfiguration: Sendable, Equatable {
    package var fetch = FetchOptions()
    package var cache = ModuleCacheSettings()
    /// How often tags are resolved anew; 0: never.
    package var refreshIntervalSeconds: Double = 0

    package init() {}
}

/// Where fetched modules are kept, and for how long.
package struct ModuleCacheSettings: Sendable, Equatable {
    /// Nil: where the command line or the default says.
    package var directory: String?
    /// All modules together.
    package var maximumBytes: UInt64 = 4 << 30
    /// A module that nobody used for so long is deleted.
    package var expirySeconds: Double = 24 * 3600
    /// How often that is looked at.
    package var purgeIntervalSeconds: Double = 3600

    package init() {}
}
