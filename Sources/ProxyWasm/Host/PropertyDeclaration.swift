/// What a plugin has said of a property it sets (`declare_property`).
public struct PropertyDeclaration: Sendable, Equatable {
    public enum Content: UInt32, Sendable {
        case bytes = 0
        case string = 1
        case flatBuffers = 2
        case protobuf = 3
    }

    /// How long it lives.
    public enum Span: UInt32, Sendable {
        case filterChain = 0
        case request = 1
        case connection = 2
    }

    public var isReadOnly: Bool
    public var content: Content
    public var span: Span

    public init(isReadOnly: Bool = false, content: Content = .bytes, span: Span = .filterChain) {
        self.isReadOnly = isReadOnly
        self.content = content
        self.span = span
    }

    /// The bytes that were set, as what they were declared to be.
    public func value(_ bytes: [UInt8]) -> AttributeValue {
        switch self.content {
        case .bytes, .flatBuffers: .bytes(bytes)
        case .string: .string(bytes)
        case .protobuf: .message(AttributeMessage(opaque: bytes))
        }
    }
}
