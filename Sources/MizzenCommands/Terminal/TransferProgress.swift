import ModuleFetch
import Synchronization

/// A bar on standard error for transfers that take long; nothing when that is no terminal.
final class TransferProgress: Sendable {
    private struct State {
        var lastDrawn: ContinuousClock.Instant?
        var isDrawn = false
    }

    private let title: String
    private let start = ContinuousClock.now
    private let isShown: Bool
    private let state = Mutex(State())
    private static let patience = Duration.milliseconds(500)
    private static let pause = Duration.milliseconds(100)
    private static let width = 30

    init(_ title: String, isShown: Bool = StandardError.isTerminal) {
        self.title = title
        self.isShown = isShown
    }

    func update(_ received: Int, of expected: Int?) {
        guard self.isShown else { return }
        let now = ContinuousClock.now
        guard now - self.start > Self.patience else { return }
        self.state.withLock { state in
            if let last = state.lastDrawn, now - last < Self.pause { return }
            state.lastDrawn = now
            state.isDrawn = true
            StandardError.write("\r" + Self.bar(self.title, received, expected) + "\u{1B}[K")
        }
    }

    /// Takes the bar away.
    func finish() {
        self.state.withLock { state in
            if state.isDrawn { StandardError.write("\r\u{1B}[K") }
            state.isDrawn = false
        }
    }

    static func bar(_ title: String, _ received: Int, _ expected: Int?) -> String {
        let amount = TerminalText.size(UInt64(max(0, received)))
        guard let expected, expected > 0 else { return "\(title) \(amount)" }
        let filled = min(self.width, max(0, received) * self.width / expected)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: self.width - filled)
        return "\(title) [\(bar)] \(amount) of \(TerminalText.size(UInt64(expected)))"
    }
}
