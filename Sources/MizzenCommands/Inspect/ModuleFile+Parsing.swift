import ProxyWasm

extension ModuleFile {
    package struct Malformed: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String
    }

    /// Sections that are looked at; a module has a dozen and some custom ones.
    private static let maximumSections = 1000

    package init(_ bytes: [UInt8]) throws(Malformed) {
        guard bytes.starts(with: [0x00, 0x61, 0x73, 0x6D]) else {
            throw Malformed(
                description: bytes.isEmpty
                    ? "the file is empty" : "not a WebAssembly module (a module begins with \\0asm)")
        }
        let version = Array(bytes.dropFirst(4).prefix(4))
        guard version == [1, 0, 0, 0] else {
            throw Malformed(
                description: version == [0x0D, 0, 1, 0]
                    ? "a WebAssembly component; Proxy-Wasm plugins are core modules"
                    : "unknown WebAssembly version \(version.map { "\($0)" }.joined(separator: "."))")
        }
        do throws(SectionReader.Malformed) {
            var sections = Sections()
            var reader = SectionReader(bytes, 8..<bytes.count)
            var count = 0
            while !reader.isAtEnd {
                count += 1
                guard count <= Self.maximumSections else {
                    throw SectionReader.Malformed(message: "more than \(Self.maximumSections) sections")
                }
                let identifier = try reader.byte()
                let range = try reader.take(try reader.number())
                try sections.read(identifier, SectionReader(bytes, range), bytes: range.count)
            }
            self = sections.finished()
        } catch {
            throw Malformed(description: "a corrupt WebAssembly module: \(error.message)")
        }
    }

    /// What has been read so far; exports refer to functions by index.
    private struct Sections {
        private var module = ModuleFile()
        private var types: [FunctionType] = []
        /// Type indices of imported and own functions.
        private var functions: [Int] = []
        private var exportIndices: [Int] = []

        func finished() -> ModuleFile {
            var module = self.module
            for (position, index) in self.exportIndices.enumerated() where module.exports[position].kind == .function {
                if self.functions.indices.contains(index) {
                    module.exports[position].type = self.type(self.functions[index])
                }
            }
            return module
        }

        private func type(_ index: Int) -> FunctionType? {
            self.types.indices.contains(index) ? self.types[index] : nil
        }

        mutating func read(
            _ identifier: UInt8, _ section: SectionReader, bytes: Int
        ) throws(SectionReader.Malformed) {
            var section = section
            switch identifier {
            case 0: try self.custom(&section, bytes)
            case 1: try self.types(&section)
            case 2: try self.imports(&section)
            case 3:
                for _ in 0..<(try section.count(1_000_000)) { self.functions.append(Int(try section.number())) }
            case 5:
                for _ in 0..<(try section.count(100)) { try self.memory(&section, isImported: false) }
            case 7: try self.exports(&section)
            case 8: self.module.hasStartSection = true
            default: break
            }
        }

        private mutating func custom(
            _ section: inout SectionReader, _ bytes: Int
        ) throws(SectionReader.Malformed) {
            let name = try section.name()
            self.module.customSections.append(CustomSection(name: name, bytes: bytes))
            // A broken list of tools breaks no module.
            if name == "producers", let producers = try? self.producers(&section) { self.module.producers = producers }
        }

        private func producers(_ section: inout SectionReader) throws(SectionReader.Malformed) -> [Producer] {
            var result: [Producer] = []
            for _ in 0..<(try section.count(100)) {
                let field = try section.name()
                var values: [String] = []
                for _ in 0..<(try section.count(100)) {
                    let name = try section.name()
                    let version = try section.name()
                    values.append(version.isEmpty ? name : "\(name) \(version)")
                }
                result.append(Producer(field: field, values: values))
            }
            return result
        }

        private mutating func types(_ section: inout SectionReader) throws(SectionReader.Malformed) {
            for _ in 0..<(try section.count()) {
                // Other kinds of types (garbage collection) have no known length: the rest cannot be read.
                guard try section.byte() == 0x60 else { return }
                var parameters: [ValueType] = []
                for _ in 0..<(try section.count(1000)) { parameters.append(try Self.valueType(&section)) }
                var results: [ValueType] = []
                for _ in 0..<(try section.count(1000)) { results.append(try Self.valueType(&section)) }
                self.types.append(FunctionType(parameters, results))
            }
        }

        private static func valueType(_ section: inout SectionReader) throws(SectionReader.Malformed) -> ValueType {
            switch try section.byte() {
            case 0x7F: return .i32
            case 0x7E: return .i64
            case 0x7D: return .f32
            case 0x7C: return .f64
            case 0x63, 0x64:
                // A reference with its heap type behind it.
                _ = try section.number()
                return .other
            default: return .other
            }
        }

        private mutating func imports(_ section: inout SectionReader) throws(SectionReader.Malformed) {
            for _ in 0..<(try section.count()) {
                let module = try section.name()
                let name = try section.name()
                var entry = Import(module: module, name: name, kind: .function)
                switch try section.byte() {
                case 0:
                    let index = Int(clamping: try section.number())
                    self.functions.append(index)
                    entry.type = self.type(index)
                case 1:
                    entry.kind = .table
                    _ = try Self.valueType(&section)
                    _ = try Self.limits(&section)
                case 2:
                    entry.kind = .memory
                    try self.memory(&section, isImported: true)
                case 3:
                    entry.kind = .global
                    _ = try Self.valueType(&section)
                    _ = try section.byte()
                case 4:
                    entry.kind = .tag
                    _ = try section.byte()
                    _ = try section.number()
                case let kind:
                    throw SectionReader.Malformed(message: "import \(entry.fullName) of unknown kind \(kind)")
                }
                self.module.imports.append(entry)
            }
        }

        private mutating func memory(
            _ section: inout SectionReader, isImported: Bool
        ) throws(SectionReader.Malformed) {
            let limits = try Self.limits(&section)
            self.module.memories.append(
                Memory(isImported: isImported, minimumPages: limits.minimum, maximumPages: limits.maximum))
        }

        private static func limits(
            _ section: inout SectionReader
        ) throws(SectionReader.Malformed) -> (minimum: UInt64, maximum: UInt64?) {
            let flags = try section.byte()
            let minimum = try section.number()
            return (minimum, flags & 1 == 1 ? try section.number() : nil)
        }

        private mutating func exports(_ section: inout SectionReader) throws(SectionReader.Malformed) {
            for _ in 0..<(try section.count()) {
                let name = try section.name()
                let kinds: [Kind] = [.function, .table, .memory, .global, .tag]
                let kind = Int(try section.byte())
                guard kinds.indices.contains(kind) else {
                    throw SectionReader.Malformed(message: "export \(name.prefix(64)) of unknown kind \(kind)")
                }
                self.module.exports.append(Export(name: name, kind: kinds[kind]))
                self.exportIndices.append(Int(clamping: try section.number()))
            }
        }
    }
}
