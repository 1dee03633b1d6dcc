import Gateway
import IstioResources
import ProxyWasm
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads resource files for `run`, keeping the last good version of what a later edit breaks.
final class ResourceLoader: ConfigurationLoader {
    private let paths: [String]
    private let namespace: String
    private let translator: Translator
    private let state = Mutex(State())

    private struct State {
        var lastGood = ResourceSet()
        /// Plugins that had errors when the process started. Traffic is not let past them: there is no earlier
        /// version to keep, and a plugin that guards something must not vanish by a typing mistake. A broken
        /// plugin that a later edit adds changes nothing instead.
        var rejectedAtStart: Set<String>?
    }

    init(options: ResourceOptions, limits: VMLimits) {
        self.paths = options.paths
        self.namespace = options.namespace
        self.translator = Translator(
            identity: options.identity,
            environment: ProcessEnvironment.variables(),
            limits: limits
        )
    }

    func load() -> LoadedConfiguration {
        let (fresh, problems) = loadResources(paths: self.paths, defaultNamespace: self.namespace)
        let resources = self.state.withLock { state -> ResourceSet in
            var resources = fresh.keepingLastGood(of: state.lastGood)
            let guarded = state.rejectedAtStart ?? Set(resources.rejectedPlugins.map(\.metadata.key))
            state.rejectedAtStart = guarded
            let running = Set(resources.wasmPlugins.map(\.metadata.key))
            resources.rejectedPlugins.removeAll {
                !guarded.contains($0.metadata.key) || running.contains($0.metadata.key)
            }
            state.lastGood = resources
            return resources
        }
        let result = self.translator.translate(resources)
        // A route to an unknown host is served (with 503), so it rejects nothing.
        let references = resources.referenceProblems()
        var loaded = LoadedConfiguration(
            configuration: result.configuration,
            resources: resources.count,
            problems: (problems.filter { $0.severity == .error } + result.problems).map(\.description),
            warnings: problems.filter { $0.severity == .warning }.map(\.description) + references.map(\.description)
                + (result.serverWarnings + result.warnings).map(\.description)
        )
        loaded.certificateFiles = result.certificateFiles
        return loaded
    }
}

/// The process's own environment, read once.
enum ProcessEnvironment {
    static func variables() -> [String: String] {
        var result: [String: String] = [:]
        // Optional on some platforms, not on others.
        let start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = environ
        guard var entry = start else { return result }
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equals = text.firstIndex(of: "=") {
                result[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }
}
