import Gateway
import ProxyWasm

extension ModuleReport {
    var members: [JSONValue.Member] {
        let groups = ImportGroups(self.module.imports)
        let exports = self.exportGroups
        return [
            .init("size", .integer(self.bytes)),
            .init("sha256", .string(self.digest)),
            .init("abiVersion", self.module.abiVersion.map { .string($0.rawValue) } ?? .null),
            .init(
                "producers",
                .object(
                    self.module.producers.map { .init($0.field, .array($0.values.map { .string($0) })) })),
            .init("memories", .array(self.module.memories.map(Self.json))),
            .init("startFunctions", .array(self.startFunctions.map { .string($0) })),
            .init("hasStartSection", .bool(self.module.hasStartSection)),
            .init("debugBytes", .integer(self.module.debugBytes)),
            .init(
                "imports",
                .object([
                    .init("proxyWasm", Self.json(groups.proxyWasm)), .init("wasi", Self.json(groups.wasi)),
                    .init("others", Self.json(groups.others)),
                ])),
            .init(
                "exports",
                .object([
                    .init("callbacks", .array(exports.callbacks.map { .string($0) })),
                    .init("others", .array(exports.others.map { .string($0) })),
                ])),
            .init(
                "customSections",
                .array(
                    self.module.customSections.map {
                        .object([.init("name", .string($0.name)), .init("size", .integer($0.bytes))])
                    })),
            .init("verdicts", .object(self.verdicts.map { .init($0.loader.lowercased(), $0.json) })),
        ]
    }

    private static func json(_ memory: ModuleFile.Memory) -> JSONValue {
        .object([
            .init("imported", .bool(memory.isImported)), .init("minimumPages", .unsigned(memory.minimumPages)),
            .init("maximumPages", memory.maximumPages.map { .unsigned($0) } ?? .null),
        ])
    }

    private static func json(_ entries: [ImportGroups.Entry]) -> JSONValue {
        .array(
            entries.map { entry in
                .object([
                    .init("name", .string(entry.wanted.fullName)),
                    .init("type", entry.wanted.type.map { .string($0.text) } ?? .null),
                    .init("problem", entry.problem.map { .string($0) } ?? .null),
                ])
            })
    }
}

extension LoadVerdict {
    var json: JSONValue {
        switch self.outcome {
        case .loads: .object([.init("loads", .bool(true)), .init("problems", .array([]))])
        case .refused(let problems):
            .object([.init("loads", .bool(false)), .init("problems", .array(problems.map { .string($0) }))])
        case .unknown(let why): .object([.init("loads", .null), .init("problems", .array([.string(why)]))])
        }
    }
}
