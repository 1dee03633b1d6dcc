import ForeignFunctions
import Gateway

/// `--access-log-format`, parsed when the command line is: a mistake ends the process before it listens.
enum AccessLogFormatArgument {
    static func parse(_ text: String) throws -> AccessLogFormat {
        try AccessLogFormat(text) { expression in
            let compiled = try AttributeExpression(expression.utf8)
            return { resolver in try? compiled.evaluate(resolver).get() }
        }
    }
}
