/// What names and marks a resource.
package struct Metadata: Sendable, Equatable {
    package var namespace: String
    package var name: String
    package var labels: [String: String]
    package var annotations: [String: String]
    /// Seconds since 1970; nil when the file does not say.
    package var creationTimestamp: Int64?
    /// Where the resource begins.
    package var position: SourcePosition

    package init(
        namespace: String,
        name: String,
        labels: [String: String] = [:],
        annotations: [String: String] = [:],
        creationTimestamp: Int64? = nil,
        position: SourcePosition = SourcePosition(file: "", line: 0, column: 0)
    ) {
        self.namespace = namespace
        self.name = name
        self.labels = labels
        self.annotations = annotations
        self.creationTimestamp = creationTimestamp
        self.position = position
    }

    /// `namespace/name`
    package var key: String { "\(self.namespace)/\(self.name)" }
}
