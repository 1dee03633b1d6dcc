/// How a module is wrapped in what was fetched: which file of an archive is it, and may it be in one at all.
package enum ModuleForm: String, Sendable, Hashable, CaseIterable {
    /// The bytes are the module.
    case raw
    /// An image's layer: a tar archive, perhaps compressed, with `plugin.wasm` or one wasm file in it.
    case archive
    /// A layer whose media type says nothing: like `.archive` if it is one.
    case sniff
    /// The body of an HTTP response: like `.sniff`, but of an archive its first wasm file counts (Istio: first file).
    case download
}
