package import ProxyWasm

/// What a module's sections say, without compiling it.
package struct ModuleFile: Sendable {
    package enum Kind: String, Sendable {
        case function, table, memory, global, tag
    }

    package struct Import: Sendable {
        package var module: String
        package var name: String
        package var kind: Kind
        /// Of functions.
        package var type: FunctionType?
        package var fullName: String { "\(self.module).\(self.name)" }
    }

    package struct Export: Sendable {
        package var name: String
        package var kind: Kind
        /// Of functions.
        package var type: FunctionType?
    }

    package struct Memory: Sendable, Equatable {
        package var isImported: Bool
        /// In pages of 64 KiB.
        package var minimumPages: UInt64
        package var maximumPages: UInt64?
    }

    package struct CustomSection: Sendable, Equatable {
        package var name: String
        package var bytes: Int
    }

    /// A line of the `producers` section: `language`, `processed-by` or `sdk`, then names with versions.
    package struct Producer: Sendable, Equatable {
        package var field: String
        package var values: [String]
    }

    package var imports: [Import] = []
    package var exports: [Export] = []
    package var memories: [Memory] = []
    package var customSections: [CustomSection] = []
    package var producers: [Producer] = []
    /// The module has a start section: code that runs before anything is called.
    package var hasStartSection = false

    package var exportedFunctions: [ModuleFunction] {
        self.exports.compactMap { export in
            export.type.map { ModuleFunction(name: export.name, type: $0) }
        }
    }

    package var abiVersion: ABIVersion? { ABIVersion.detect(in: self.exportedFunctions) }

    package func exports(_ name: String, _ type: FunctionType) -> Bool {
        self.exports.contains { $0.name == name && $0.type == type }
    }

    /// Bytes of DWARF.
    package var debugBytes: Int {
        self.customSections.filter { $0.name.hasPrefix(".debug_") }.reduce(0) { $0 + $1.bytes }
    }
}
