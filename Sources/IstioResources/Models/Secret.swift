/// A Kubernetes Secret. Never printed: its description names it and nothing more.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var metadata: Metadata
    package var type: String
    package var data: [String: [UInt8]]

    package init(metadata: Metadata, type: String, data: [String: [UInt8]]) {
        self.metadata = metadata
        self.type = type
        self.data = data
    }

    package var description: String { "Secret \(self.metadata.key) (\(self.type))" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
