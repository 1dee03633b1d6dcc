import HTTPTypes
import ProxyWasm

/// What came of showing a plugin a part of a message.
enum PluginVerdict: Sendable {
    case goOn
    /// It sends a response of its own.
    case answered(LocalResponse)
    /// It has failed and its policy is closed, or it broke a rule of this server's.
    case failed(HTTPResponse.Status)

    var goesOn: Bool { if case .goOn = self { true } else { false } }
}
