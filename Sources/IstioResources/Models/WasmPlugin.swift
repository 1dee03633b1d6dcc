/// A plugin to run: a `WasmPlugin`, or a `TrafficExtension` that has `wasm`.
package struct WasmPlugin: Sendable, Equatable {
    package enum PullPolicy: String, Sendable, CaseIterable {
        case unspecified = "UNSPECIFIED_POLICY"
        case ifNotPresent = "IfNotPresent"
        case always = "Always"
    }
    package enum Phase: String, Sendable, CaseIterable {
        case authn = "AUTHN"
        case authz = "AUTHZ"
        case stats = "STATS"
        case unspecified = "UNSPECIFIED_PHASE"
    }
    package enum FailStrategy: String, Sendable, CaseIterable {
        case closed = "FAIL_CLOSE"
        case open = "FAIL_OPEN"
        case reload = "FAIL_RELOAD"
    }
    package enum PluginType: String, Sendable, CaseIterable {
        case unspecified = "UNSPECIFIED_PLUGIN_TYPE"
        case http = "HTTP"
        case network = "NETWORK"
    }
    package enum Mode: String, Sendable, CaseIterable {
        case undefined = "UNDEFINED"
        case client = "CLIENT"
        case server = "SERVER"
        case clientAndServer = "CLIENT_AND_SERVER"
    }
    package struct Match: Sendable, Equatable {
        package var mode: Mode
        /// Empty = any.
        package var ports: [Int]
        package init(mode: Mode = .undefined, ports: [Int] = []) {
            self.mode = mode
            self.ports = ports
        }
    }
    package struct EnvironmentVariable: Sendable, Equatable {
        package enum Source: String, Sendable, CaseIterable {
            case inline = "INLINE"
            case host = "HOST"
        }
        package var name: String
        package var value: String
        package var source: Source
        package init(name: String, value: String = "", source: Source = .inline) {
            self.name = name
            self.value = value
            self.source = source
        }
    }
    package struct TargetRef: Sendable, Equatable {
        package var group: String
        package var kind: String
        package var name: String
        package init(group: String, kind: String, name: String) {
            self.group = group
            self.kind = kind
            self.name = name
        }
    }

    package var metadata: Metadata
    /// Nil = every workload in scope.
    package var selector: [String: String]?
    package var targetRefs: [TargetRef] = []
    /// Always with its scheme: `oci://`, `file://`, `http://` or `https://`.
    package var url: String
    /// As written; empty = not set.
    package var sha256 = ""
    package var imagePullPolicy: PullPolicy = .unspecified
    package var imagePullSecret: String?
    /// PEM public keys; empty: signatures are not looked at. Istio has the field and ignores it.
    package var verificationKey = ""
    /// From an annotation: how often a tag is resolved anew, seconds; 0: never.
    package var refreshSeconds: Double?
    /// JSON text; empty when absent or `{}`.
    package var pluginConfig = ""
    package var pluginName: String?
    package var phase: Phase = .unspecified
    package var priority: Int32?
    package var environment: [EnvironmentVariable] = []
    package var match: [Match] = []
    package var failStrategy: FailStrategy = .closed
    package var type: PluginType = .http
    /// From annotations; nil = the process's default.
    package var limits = Limits()
    package var allowOnHeadersStopIteration: Bool?
    /// From annotations: Envoy's `vm_config.vm_id`, `vm_config.configuration` and `capability_restriction_config`.
    package var vmID = ""
    package var vmConfiguration = ""
    /// Empty = all.
    package var allowedCapabilities: [String] = []

    package init(metadata: Metadata, url: String) {
        self.metadata = metadata
        self.url = url
    }
}
