/// A regular expression in RE2's syntax over UTF-8 bytes, matched in time linear in the input.
///
/// No back-references and no look-around; `\p{…}` is refused. Every pattern compiles to a bounded number of
/// instructions, and matching keeps each instruction at most once per input byte.
package struct LinearRegex: Sendable, Equatable, CustomStringConvertible {
    /// The source text.
    package let pattern: String
    let program: Program

    /// Compiles; the error says what is wrong at which offset.
    package init(_ pattern: String) throws(LinearRegexError) {
        self.pattern = pattern
        self.program = try RegexCompiler.compile(pattern)
    }

    package static func == (left: LinearRegex, right: LinearRegex) -> Bool { left.pattern == right.pattern }

    package var description: String { self.pattern }

    /// Whether the whole of `bytes` matches.
    package func matchesWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let prefix = self.program.prefix
        guard bytes.count >= prefix.count else { return false }
        for index in prefix.indices where bytes[index] != prefix[index] { return false }
        return self.program.instructions.withUnsafeBufferPointer { instructions in
            self.program.sets.withUnsafeBufferPointer { sets in
                // Three arrays of a word per instruction: two lists and a stack; then one mark each.
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: instructions.count * 4) { scratch in
                    scratch.initialize(repeating: 0)
                    var machine = WholeMatcher(
                        instructions: instructions,
                        sets: sets,
                        bytes: bytes,
                        scratch: scratch
                    )
                    return machine.run()
                }
            }
        }
    }

    /// Whether the whole of `bytes` matches.
    package func matchesWhole(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { self.matchesWhole($0) }
    }

    /// Whether the whole string matches.
    package func matchesWhole(_ string: String) -> Bool {
        var copy = string
        return copy.withUTF8 { self.matchesWhole(UnsafeRawBufferPointer($0)) }
    }

    /// `input` with every non-overlapping leftmost match replaced. `\0` to `\9` in `substitution` stand for the
    /// match and its groups, `\\` for a backslash.
    package func replacingMatches(in input: [UInt8], with substitution: String) -> [UInt8] {
        let template = Substitution(substitution)
        return input.withUnsafeBytes { bytes in
            var searcher = CapturingMatcher(program: self.program, bytes: bytes)
            var output: [UInt8] = []
            output.reserveCapacity(input.count)
            var copied = 0
            var position = 0
            var lastEnd = -1
            while position <= bytes.count {
                guard let slots = searcher.firstMatch(from: position) else { break }
                let start = slots[0]
                let end = slots[1]
                if start == end, start == lastEnd {
                    // An empty match right behind the last one is none.
                    position = CapturingMatcher.nextPosition(bytes, after: start)
                    continue
                }
                output.append(contentsOf: bytes[copied..<start])
                template.append(to: &output, bytes: bytes, slots: slots)
                copied = end
                lastEnd = end
                position = start == end ? CapturingMatcher.nextPosition(bytes, after: end) : end
            }
            if copied < bytes.count { output.append(contentsOf: bytes[copied...]) }
            return output
        }
    }

    /// The highest `\N` that a substitution refers to, or the offset of a backslash that means nothing.
    package static func checkSubstitution(_ substitution: String) -> LinearRegexError? {
        var escaped = false
        for (offset, byte) in substitution.utf8.enumerated() {
            if escaped {
                escaped = false
                guard byte == 0x5C || (0x30...0x39).contains(byte) else {
                    return LinearRegexError(
                        position: offset - 1, reason: "a backslash needs a digit or a backslash after it")
                }
            } else if byte == 0x5C {
                escaped = true
            }
        }
        return escaped
            ? LinearRegexError(
                position: substitution.utf8.count - 1, reason: "a backslash needs a digit or a backslash after it")
            : nil
    }
}

extension LinearRegex {
    /// Number of compiled instructions: what a byte of input costs at most.
    package var size: Int { self.program.instructions.count }
}
