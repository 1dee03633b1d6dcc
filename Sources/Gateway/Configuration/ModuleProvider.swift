package import ProxyWasm

/// PORT 4: where a plugin's verified code comes from. The gateway knows no file systems and registries.
package protocol ModuleProvider: Sendable {
    /// Fetches, verifies and compiles. Called off the workers. Throws `ModuleError`.
    func module(for plugin: PluginConfiguration) async throws(ModuleError) -> ProvidedModule
}

/// A module ready to be instantiated, with the digest of its bytes (lower-case hex SHA-256).
package struct ProvidedModule: Sendable {
    package var module: PluginModule
    package var digest: String
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
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
    package var description: String { self.message }
}
