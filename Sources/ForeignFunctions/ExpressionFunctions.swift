import CEL
import ProxyWasm

/// `expr_create`, `expr_evaluate`, `expr_delete`: the Common Expression Language over the stream's attributes.
enum ExpressionFunctions {
    static let maximumExpressions = 1000

    /// A plugin's expressions by token.
    private final class Table {
        var expressions: [UInt32: AttributeExpression] = [:]
        var next: UInt32 = 0
    }

    /// The expression's text → its token, 4 bytes.
    static func create(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status {
        guard let plugin = caller.plugin else { return .badArgument }
        let table = plugin.state { Table() }
        guard table.expressions.count < Self.maximumExpressions else { return .internalFailure }
        guard let expression = try? AttributeExpression(argument) else { return .badArgument }
        let token = table.next
        table.next &+= 1
        table.expressions[token] = expression
        withUnsafeBytes(of: token.littleEndian) { result.append(contentsOf: $0) }
        return .ok
    }

    /// A token → the value, encoded as a property is.
    static func evaluate(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status
    {
        guard let token = Self.token(argument) else { return .badArgument }
        guard let expression = caller.plugin?.state({ Table() }).expressions[token] else { return .notFound }
        let outcome = expression.evaluate { path, attribute in caller.attribute(path, into: &attribute) }
        switch outcome {
        case .failure:
            return .internalFailure
        case .success(let value):
            guard AttributeEncoding.encode(value, into: &result) else {
                result = []
                return .serializationFailure
            }
            return .ok
        }
    }

    /// A token; unknown ones are fine.
    static func delete(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status {
        guard let token = Self.token(argument) else { return .badArgument }
        caller.plugin?.state { Table() }.expressions[token] = nil
        return .ok
    }

    private static func token(_ argument: UnsafeRawBufferPointer) -> UInt32? {
        guard argument.count == 4 else { return nil }
        return UInt32(littleEndian: argument.loadUnaligned(as: UInt32.self))
    }
}
