/// Where the fetcher tells what it does. Texts hold no secret, and of URLs no query.
package struct FetchLog: Sendable {
    package enum Level: String, Sendable, CaseIterable {
        case debug
        case info
        case warn
        case error
    }

    package let write: @Sendable (Level, String) -> Void

    package init(write: @escaping @Sendable (Level, String) -> Void) { self.write = write }

    /// Says nothing.
    package static let silent = FetchLog { _, _ in }

    package func debug(_ text: @autoclosure () -> String) { self.write(.debug, text()) }
    package func info(_ text: @autoclosure () -> String) { self.write(.info, text()) }
    package func warn(_ text: @autoclosure () -> String) { self.write(.warn, text()) }
}
