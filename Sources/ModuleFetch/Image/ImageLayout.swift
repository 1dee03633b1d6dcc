/// How a module is packed as an image. Istio takes the first three.
package enum ImageLayout: String, Sendable, CaseIterable {
    /// An OCI image: one tar+gzip layer with `plugin.wasm`.
    case oci
    /// Docker's version 2, schema 2, with such a layer.
    case docker
    /// The Wasm artifact specification: a configuration and the module, as two layers.
    case artifact
    /// The CNCF's layout: the module as the only layer, `application/wasm`.
    case wasm
}
