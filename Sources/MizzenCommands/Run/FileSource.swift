import Gateway

/// Watches configuration files and says, after the dust settled, which ones changed.
package struct FileSource: Sendable {
    package struct Timing: Sendable {
        package var poll = Duration.milliseconds(250)
        /// Editors and copies write in several steps: a change is taken when nothing moved for so long…
        package var settle = Duration.milliseconds(50)
        /// …but after this many looks at the latest.
        package var settleLooks = 40
        package init() {}

        package init(pollMilliseconds: Int) {
            self.poll = .milliseconds(pollMilliseconds)
            self.settle = min(self.settle, self.poll / 4)
        }
    }

    private let timing: Timing
    private var watcher: FileWatcher

    /// Takes the files as they are now as known: make it before loading them for the first time, so that no edit in
    /// between is missed.
    package init(roots: [String], timing: Timing = Timing()) {
        self.timing = timing
        self.watcher = FileWatcher(roots: roots)
        self.watcher.takeBaseline()
    }

    /// Watches until the task is cancelled.
    /// - Parameters:
    ///   - extraFiles: Files beside the roots that the configuration depends on (modules), with their digests from
    ///     before they were loaded.
    ///   - onChange: Told what changed, one change after the other; answers with the files to watch from then on.
    package mutating func run(
        extraFiles: [String: String],
        onChange: @Sendable (_ changed: [String]) async -> [String: String]
    ) async {
        self.watcher.watch(extraFiles: extraFiles)
        while !Task.isCancelled {
            try? await Task.sleep(for: self.timing.poll)
            var changed = Set(self.watcher.poll())
            guard !changed.isEmpty else { continue }
            for _ in 0..<self.timing.settleLooks {
                try? await Task.sleep(for: self.timing.settle)
                let more = self.watcher.poll()
                if more.isEmpty { break }
                changed.formUnion(more)
            }
            guard !Task.isCancelled else { return }
            self.watcher.watch(extraFiles: await onChange(changed.sorted()))
        }
    }
}
