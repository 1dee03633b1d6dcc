/// The decoded resources of a configuration, each valid by itself.
package struct ResourceSet: Sendable, Equatable {
    package var wasmPlugins: [WasmPlugin] = []
    package var gateways: [GatewayResource] = []
    package var virtualServices: [VirtualService] = []
    package var serviceEntries: [ServiceEntry] = []
    package var destinationRules: [DestinationRule] = []
    package var secrets: [Secret] = []
    /// `Kind/namespace/name` of resources that were there but had errors.
    package var rejected: Set<String> = []
    /// Plugins that had errors, as far as they could be read: where they belong and what their failStrategy is.
    package var rejectedPlugins: [WasmPlugin] = []
    /// Files whose YAML could not be read to the end.
    package var unreadableFiles: Set<String> = []

    package init() {}

    /// Number of resources.
    package var count: Int {
        self.wasmPlugins.count + self.gateways.count + self.virtualServices.count + self.serviceEntries.count
            + self.destinationRules.count + self.secrets.count
    }

    /// Decodes and validates files, in order. A resource with an error is left out, the others are in the set.
    package static func decode(
        _ files: [SourceFile],
        defaultNamespace: String = "default"
    ) -> (resources: ResourceSet, problems: [Problem]) {
        var decoder = ResourceDecoder(defaultNamespace: defaultNamespace)
        for file in files { decoder.decode(file) }
        return (decoder.resources, decoder.problems)
    }

    /// This set, with the previous version of every resource whose new version was rejected or could not be
    /// read: a mistake in an edit takes nothing away that works.
    package func keepingLastGood(of previous: ResourceSet) -> ResourceSet {
        var result = self
        func merge<Value>(
            _ path: WritableKeyPath<ResourceSet, [Value]>, _ kind: String, _ metadata: (Value) -> Metadata
        ) {
            let present = Set(self[keyPath: path].map { metadata($0).key })
            for value in previous[keyPath: path] {
                let data = metadata(value)
                let isWanted =
                    self.rejected.contains("\(kind)/\(data.key)") || self.unreadableFiles.contains(data.position.file)
                if isWanted, !present.contains(data.key) { result[keyPath: path].append(value) }
            }
        }
        merge(\.wasmPlugins, "WasmPlugin", \.metadata)
        merge(\.gateways, "Gateway", \.metadata)
        merge(\.virtualServices, "VirtualService", \.metadata)
        merge(\.serviceEntries, "ServiceEntry", \.metadata)
        merge(\.destinationRules, "DestinationRule", \.metadata)
        merge(\.secrets, "Secret", \.metadata)
        return result
    }
}
