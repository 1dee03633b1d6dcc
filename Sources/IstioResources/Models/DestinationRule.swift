/// `networking.istio.io` DestinationRule: subsets of a host and how to connect.
package struct DestinationRule: Sendable, Equatable {
    package struct Subset: Sendable, Equatable {
        package var name: String
        package var labels: [String: String]
        package var connectTimeoutMilliseconds: Int?
        package init(name: String, labels: [String: String], connectTimeoutMilliseconds: Int? = nil) {
            self.name = name
            self.labels = labels
            self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        }
    }
    package var metadata: Metadata
    package var host: String
    package var connectTimeoutMilliseconds: Int?
    package var subsets: [Subset]

    package init(metadata: Metadata, host: String, connectTimeoutMilliseconds: Int? = nil, subsets: [Subset] = []) {
        self.metadata = metadata
        self.host = host
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.subsets = subsets
    }
}
