package import ProxyWasm

// What the gateway says about itself: plain values that the admin pages render.

package struct PluginStatus: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// Not looked at yet.
        case waiting
        case fetching
        case verifying
        case compiling
        /// On trial, or on its way to the workers.
        case starting
        /// Serving on every worker, this version or the last good one.
        case serving
        /// Not loaded or not started; `failStrategy` decides for its traffic.
        case failed
    }
    package var key: String
    package var name: String
    package var phase: String
    package var priority: Int?
    package var url: String
    package var failStrategy: FailStrategy
    package var state: State
    /// It serves, or an attempt has ended and its failStrategy decides.
    package var isSettled = true
    /// How far a newer version is, while an older one serves.
    package var update: ModuleStage?
    /// That failed in a row.
    package var attempts = 0
    /// Until the next attempt; nil: none is planned.
    package var nextAttemptSeconds: Double?
    /// Where the running code came from, as far as it was resolved.
    package var source = ""
    /// Seconds since the Unix epoch.
    package var fetchedAt: Double?
    /// Lower-case hex SHA-256 of the module's bytes; empty while unknown.
    package var digest: String
    package var abiVersion: String
    /// Linear memory of all instances, bytes.
    package var memoryBytes: UInt64
    package var instances: Int
    package var requests: UInt64
    package var localResponses: UInt64
    package var failures: UInt64
    package var restarts: UInt64
    /// The last error, empty when none.
    package var message: String
    /// What makes VMs equal: `VM-ID|CODE|VM-CONFIGURATION`, digests shortened.
    package var vmKey = ""
    /// Of all workers.
    package var usage = PluginUsage()
    package var lastFailure: LastFailure?

    /// The latest failure of an instance, on any worker.
    package struct LastFailure: Sendable, Equatable {
        /// Nanoseconds since the Unix epoch.
        package var time: UInt64
        package var message: String
    }
}

package struct EndpointStatus: Sendable, Equatable {
    package var address: String
    package var connections: Int
    package var idleConnections: Int
}

package struct ClusterStatus: Sendable, Equatable {
    package var configuration: ClusterConfiguration
    package var endpoints: [EndpointStatus]
    package var requests: UInt64
    package var connectFailures: UInt64
}

package struct ListenerStatus: Sendable, Equatable {
    package var configuration: ListenerConfiguration
    package var bound: Bool
    package var message: String
    package var connections: Int
    package var requests: UInt64
}

/// Counters of all workers, added up.
package struct TrafficStatus: Sendable, Equatable {
    package var downstreamConnectionsTotal: UInt64 = 0
    package var downstreamConnectionsActive: UInt64 = 0
    package var downstreamRequestsTotal: UInt64 = 0
    package var downstreamRequestsActive: UInt64 = 0
    package var downstreamProtocolErrors: UInt64 = 0
    package var tcpConnectionsOpened: UInt64 = 0
    package var tcpConnectionsClosed: UInt64 = 0
    /// Bytes of TCP connections from clients, and to them.
    package var tcpReceivedBytes: UInt64 = 0
    package var tcpSentBytes: UInt64 = 0
    /// TLS connections that came to nothing.
    package var tlsFailures: UInt64 = 0
    /// Responses by class: index 1…5 = 1xx…5xx.
    package var responses: [UInt64] = [0, 0, 0, 0, 0, 0]
    /// Cumulative-free bucket counts of request duration; bounds in `durationBoundsMilliseconds`, last = +Inf.
    package var durationBuckets: [UInt64] = []
    package var durationSumMilliseconds: Double = 0
    package static let durationBoundsMilliseconds: [Double] = [
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000,
    ]
    package init() {}
}

package struct GatewayStatus: Sendable, Equatable {
    package var generation: Int
    package var workers: Int
    package var uptimeSeconds: Double
    package var draining: Bool
    package var listeners: [ListenerStatus]
    package var clusters: [ClusterStatus]
    package var plugins: [PluginStatus]
    package var traffic: TrafficStatus
    /// What plugins have defined, in order of definition.
    package var pluginMetrics: [PluginMetric] = []

    /// Every listener bound, every plugin serving or settled by its failStrategy, not draining.
    package var isReady: Bool {
        !self.draining && self.listeners.allSatisfy(\.bound) && self.plugins.allSatisfy(\.isSettled)
    }
}
