/// The guest's frames out of the text in which the engine reports a trap.
///
/// Only that text has names demangled (C++, Rust) and, for modules with DWARF, source places and inlined functions:
/// ```
/// error while executing at wasm backtrace:
///     0:     0x84 - innermost
///                     at /src/g.c:4:11
///     1:     0x56 - inlined
///                     at /src/g.c:7:73
///                 - run
///                     at /src/g.c:9:5
///     2:     0x60 - module.wasm!name
///     3:     0x70 - <unknown>!<wasm function 5>
/// ```
enum BacktraceText {
    /// `NAME at FILE:LINE:COLUMN`, `NAME`, or `func[5] at 0x70`; innermost first. Empty when the text has no frames.
    static func frames(in text: String) -> [String] {
        var frames: [String] = []
        var isBacktrace = false
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line.drop { $0 == " " }
            if !isBacktrace {
                isBacktrace = content.hasSuffix("wasm backtrace:")
            } else if content.hasPrefix("at "), !frames.isEmpty {
                frames[frames.count - 1] += " \(content)"
            } else if let frame = Self.frame(content) {
                frames.append(frame)
            } else {
                break
            }
        }
        return frames
    }

    /// `0:     0x84 - NAME`, or `- NAME` for a function that the one before was inlined into.
    private static func frame(_ line: Substring) -> String? {
        if line.hasPrefix("- ") { return Self.name(line.dropFirst(2), offset: "") }
        let number = line.prefix(while: \.isNumber)
        guard !number.isEmpty, line[number.endIndex...].hasPrefix(":") else { return nil }
        let rest = line[number.endIndex...].dropFirst().drop { $0 == " " }
        guard rest.hasPrefix("0x"), let separator = rest.firstRange(of: " - ") else { return nil }
        return Self.name(rest[separator.upperBound...], offset: rest[..<separator.lowerBound])
    }

    private static func name(_ text: Substring, offset: Substring) -> String {
        // The module's name, or <unknown>, where there is no DWARF; never a Rust type like `fn() -> !`.
        let module = text.prefix { $0 != "!" }
        let isModule = module == "<unknown>" || module.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
        let name = isModule && module.endIndex < text.endIndex ? text[text.index(after: module.endIndex)...] : text
        if name.hasPrefix("<wasm function "), name.hasSuffix(">") {
            return "func[\(name.dropFirst(15).dropLast())] at \(offset)"
        }
        return Self.withoutHashes(name)
    }

    /// Rust tells crates and instances apart by hashes that nobody reads: `core::fmt::h0123456789abcdef`, `core[3c1c0]::fmt`.
    static func withoutHashes(_ name: Substring) -> String {
        var name = name
        let tail = name.suffix(19)
        if tail.hasPrefix("::h"), tail.utf8.count == 19,
            tail.dropFirst(3).allSatisfy({ $0.isHexDigit && !$0.isUppercase })
        {
            name = name.dropLast(19)
        }
        var result = ""
        while let open = name.firstIndex(of: "["), let close = name[open...].firstIndex(of: "]") {
            let inner = name[name.index(after: open)..<close]
            let rest = name[name.index(after: close)...]
            let isHash =
                !inner.isEmpty && inner.allSatisfy(\.isHexDigit) && rest.hasPrefix("::") && open > name.startIndex
            result += isHash ? name[..<open] : name[...close]
            name = rest
        }
        return result + name
    }
}
