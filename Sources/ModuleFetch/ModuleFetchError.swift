/// Why a module could not be had. The message names what was wrong, where, and what to do; it never holds a secret.
package struct ModuleFetchError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        /// The reference, a key or an option cannot be used as written.
        case invalid
        /// Nobody answered, or not in time, or with a server error: trying again may help.
        case unavailable
        /// The server says that it has no such thing (404).
        case notFound
        /// The server wants other credentials (401, 403).
        case unauthorized
        /// An address that must not be dialled, plain HTTP where it is not allowed, a bound exceeded.
        case refused
        /// The bytes are not what was asked for.
        case digestMismatch
        /// What came is no module, or holds none or several.
        case malformed
        /// The signature is missing or wrong.
        case unverified
    }

    package var kind: Kind
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { self.message }
}
