package import ProxyWasm

/// `envoy.config.core.v3.Metadata`: what the configuration says about a resource, for plugins to read.
package struct StreamMetadata: Sendable, Equatable {
    /// Field 1 is `filter_metadata`: structures by the name of who understands them.
    package let message: AttributeMessage

    /// - Parameter filterMetadata: Values must be maps.
    package init(filterMetadata: [AttributeEntry]) {
        self.message = AttributeMessage([
            AttributeMessage.Field("filter_metadata", 1, .map(filterMetadata), form: .structuresByName)
        ])
    }

    /// What Istio writes, under `istio`.
    package init(istio: KeyValuePairs<String, AttributeValue>) {
        self.init(filterMetadata: [AttributeEntry(key: Array("istio".utf8), value: .map(istio))])
    }

    package static let empty = StreamMetadata(filterMetadata: [])
}
