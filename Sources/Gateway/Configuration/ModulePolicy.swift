/// What a plugin's resource says of getting its code, for the module provider.
package struct ModulePolicy: Sendable, Equatable {
    /// When code from an earlier time does.
    package enum Pull: String, Sendable {
        /// As the tag is: `latest` may move, others stay.
        case unspecified
        case ifNotPresent
        case always
    }

    package var pull = Pull.unspecified
    /// A dockerconfigjson: only its credentials are shown to the registry. Nil: the process's own.
    package var pullSecret: SecretBytes?
    /// PEM public keys, of which one must have signed the code; empty: none.
    package var verificationKey = ""
    /// How often a name that may move is resolved anew; 0: never, nil: as the process does.
    package var refreshSeconds: Double?

    package init() {}
}
