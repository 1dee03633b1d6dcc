package import ProxyWasm

/// PORT 4: where a plugin's verified code comes from. The gateway knows no file systems and registries.
package protocol ModuleProvider: Sendable {
    /// Fetches, verifies and compiles. Called off the workers; `stage` is told how far it is. Throws `ModuleError`.
    /// - Parameter isRefresh: It serves already, and is asked for because `refreshAfterSeconds` have passed.
    func module(
        for plugin: PluginConfiguration,
        isRefresh: Bool,
        stage: @escaping @Sendable (ModuleStage) -> Void
    ) async throws(ModuleError) -> ProvidedModule

    /// It can be had without asking anybody over a network: a new configuration waits for it.
    func isAtHand(_ plugin: PluginConfiguration) -> Bool

    /// The same configuration may stand for other code the next time, as a file's that was written anew: it is read
    /// with every configuration.
    func changesInPlace(_ plugin: PluginConfiguration) -> Bool
}

extension ModuleProvider {
    package func isAtHand(_ plugin: PluginConfiguration) -> Bool { true }
    package func changesInPlace(_ plugin: PluginConfiguration) -> Bool { true }
}

/// How far a plugin's code is on its way to the workers.
package enum ModuleStage: String, Sendable, CaseIterable {
    /// Not begun, or waiting for its next attempt.
    case waiting
    case fetching
    case verifying
    case compiling
    /// On trial.
    case starting
}

/// A module ready to be instantiated, with the digest of its bytes (lower-case hex SHA-256).
package struct ProvidedModule: Sendable {
    package var module: PluginModule
    package var digest: String
    /// Where it came from, as far as it was resolved: a path, a URL, `registry/repository:tag@sha256:…`.
    package var source = ""
    /// When its bytes were fetched, seconds since the Unix epoch.
    package var fetchedAt: Double?
    /// When to ask for it again; nil: not before the configuration changes.
    package var refreshAfterSeconds: Double?
    /// What is to be known of it, as that it is an older one because the registry does not answer; empty: nothing.
    package var note = ""
    /// What has to live as long as the module is used, as its place in a cache.
    package var lease: (any Sendable)?
    package init(module: PluginModule, digest: String) {
        self.module = module
        self.digest = digest
    }
}

package struct ModuleError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case fetch, digestMismatch, module
    }
    package var kind: Kind
    package var message: String
    /// The same may go well later: it is tried again by itself.
    package var isTemporary: Bool
    package init(_ kind: Kind, _ message: String, isTemporary: Bool = false) {
        self.kind = kind
        self.message = message
        self.isTemporary = isTemporary
    }
    package var description: String { self.message }
}
