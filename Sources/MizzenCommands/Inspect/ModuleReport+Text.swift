import ProxyWasm

extension ModuleReport {
    var lines: [String] {
        var rows: [(String, String)] = [
            ("size", "\(self.bytes) bytes"),
            ("sha256", self.digest),
            ("ABI", self.abiText),
        ]
        for producer in self.module.producers {
            rows.append((TerminalText.safe(producer.field), TerminalText.safe(producer.values.joined(separator: ", "))))
        }
        for memory in self.module.memories { rows.append(("memory", Self.text(memory))) }
        if self.module.memories.isEmpty { rows.append(("memory", "none")) }
        rows.append(("start", self.startText))
        rows.append(("debug info", self.debugText))
        return Self.aligned(rows) + self.importLines + self.exportLines + self.sectionLines + self.verdictLines
    }

    private static func text(_ memory: ModuleFile.Memory) -> String {
        func pages(_ count: UInt64) -> String {
            let (bytes, overflow) = count.multipliedReportingOverflow(by: 65_536)
            return "\(count) \(count == 1 ? "page" : "pages") (\(overflow ? "too much" : TerminalText.size(bytes)))"
        }
        let most = memory.maximumPages.map { "at most \(pages($0))" } ?? "no maximum"
        return "\(memory.isImported ? "imported, " : "")\(pages(memory.minimumPages)), \(most)"
    }

    private var startText: String {
        let names = self.startFunctions + (self.module.hasStartSection ? ["a start section"] : [])
        return names.isEmpty ? "no _initialize, no _start" : names.joined(separator: ", ")
    }

    private var debugText: String {
        let hasNames = self.module.customSections.contains { $0.name == "name" }
        let dwarf = self.module.debugBytes
        if dwarf > 0 {
            let size = TerminalText.size(UInt64(dwarf))
            return "DWARF, \(size): backtraces have file and line" + (hasNames ? "" : "; no names")
        }
        return hasNames ? "names only: backtraces have functions, no lines" : "none: backtraces have addresses only"
    }

    private var importLines: [String] {
        let groups = ImportGroups(self.module.imports)
        var lines = ["imports"]
        for (title, entries) in [
            ("proxy-wasm", groups.proxyWasm), ("WASI", groups.wasi), ("others", groups.others),
        ] {
            guard !entries.isEmpty else { continue }
            lines.append("  \(title)")
            for entry in entries {
                let name = TerminalText.safe(entry.wanted.fullName)
                lines.append("    \(name)\(entry.problem.map { "  ← \($0)" } ?? "")")
            }
        }
        return lines.count == 1 ? ["imports none"] : lines
    }

    private var exportLines: [String] {
        let groups = self.exportGroups
        var lines = ["exports"]
        for (title, names) in [("callbacks", groups.callbacks), ("others", groups.others)] where !names.isEmpty {
            lines.append("  \(title)")
            lines += names.map { "    \($0)" }
        }
        return lines.count == 1 ? ["exports none"] : lines
    }

    private var sectionLines: [String] {
        guard !self.module.customSections.isEmpty else { return ["custom sections none"] }
        return ["custom sections"]
            + Self.aligned(
                self.module.customSections.map { (TerminalText.safe($0.name), "\($0.bytes) bytes") }
            ).map { "  \($0)" }
    }

    private var verdictLines: [String] {
        ["verdict"]
            + Self.aligned(self.verdicts.map { ($0.loader, TerminalText.safe($0.text, maximum: 4000)) })
            .map { "  \($0)" }
    }

    static func aligned(_ rows: [(String, String)]) -> [String] {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 }
    }
}
