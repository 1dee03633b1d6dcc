package import ProxyWasm

/// The access log's line, in Envoy's notation: text with operators between percent signs
/// (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage). Parsed once, at start.
package final class AccessLogFormat: Sendable {
    /// An expression of `%CEL(…)%`: its value over a stream's attributes; nil: it has none.
    package typealias Expression = @Sendable (_ resolver: Resolver) -> AttributeValue?
    package typealias Resolver = (_ path: PropertyPath, _ attribute: inout AttributeBuffer) -> Status
    /// Compiles an expression; the error's description is for people.
    package typealias ExpressionCompiler = @Sendable (_ text: String) throws -> Expression

    enum Item: Sendable {
        case text([UInt8])
        case operation(AccessLogOperator, maximumBytes: Int?)
    }

    let items: [Item]

    /// - Parameter compiler: For `%CEL(…)%`; without one the operator is unknown.
    package init(_ text: String, compiler: ExpressionCompiler? = nil) throws(AccessLogFormatError) {
        self.items = try AccessLogFormatParser.parse(Array(text.utf8), compiler)
    }
}

/// A format that can't be used.
package struct AccessLogFormatError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Offset in bytes of the percent sign that begins the operator.
    package var position: Int
    /// As written, without its arguments; empty where there is none.
    package var name: String
    package var reason: String

    package var description: String {
        let subject = self.name.isEmpty ? "" : "%\(self.name)%: "
        return "access log format, offset \(self.position): \(subject)\(self.reason)"
    }
}
