import Yams

/// Text to documents, bounded in size, depth and expansion.
enum YAMLLoader {
    static let maximumBytes = 4 << 20
    static let maximumDocuments = 10_000
    static let maximumDepth = 100
    /// Counted after aliases are followed: a few lines of nested aliases stand for billions of nodes.
    static let maximumNodes = 500_000

    struct Failure: Error {
        var line: Int
        var column: Int
        var message: String
    }

    /// The documents up to the first syntax error, and that error.
    static func load(_ text: String) -> (documents: [YAMLNode], failure: Failure?) {
        guard text.utf8.count <= self.maximumBytes else {
            let message = "the file is larger than \(self.maximumBytes >> 20) MiB; split it"
            return ([], Failure(line: 1, column: 1, message: message))
        }
        if let failure = self.refuseAliasedKeys(text) { return ([], failure) }
        var documents: [YAMLNode] = []
        var converter = Converter()
        do {
            let parser = try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
            while let root = try parser.nextRoot() {
                guard documents.count < self.maximumDocuments else {
                    let message = "more than \(self.maximumDocuments) documents in one file"
                    return (documents, Failure(line: root.mark?.line ?? 1, column: 1, message: message))
                }
                documents.append(try converter.convert(root, depth: 0))
            }
            return (documents, nil)
        } catch let failure as Failure {
            return (documents, failure)
        } catch let error as YamlError {
            return (documents, self.failure(for: error, text: text))
        } catch {
            return (documents, Failure(line: 1, column: 1, message: "invalid YAML"))
        }
    }

    private static func failure(for error: YamlError, text: String) -> Failure {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = context.map { " (\($0.text), line \($0.mark.line))" } ?? ""
            return Failure(line: mark.line, column: mark.column, message: "invalid YAML: \(problem)\(place)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.prefix(3).map { String($0.prefix(64)) }.joined(separator: ", ")
            return Failure(
                line: context.mark.line,
                column: context.mark.column,
                message: "invalid YAML: duplicate key \(names)"
            )
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.reduce(into: 1) { if $1 == "\n" || $1 == "\r\n" { $0 += 1 } }
            let column =
                before.count
                - (before.lastIndex(where: \.isNewline).map {
                    before.distance(from: before.startIndex, to: $0) + 1
                } ?? 0) + 1
            return Failure(line: line, column: column, message: "invalid YAML: \(problem)")
        default:
            return Failure(line: 1, column: 1, message: "invalid YAML")
        }
    }

    /// The parser hashes every key with all its aliases expanded. Keys that are no scalars mean nothing in a
    /// resource, so a text that has both anchors and such keys is refused before it is parsed.
    private static func refuseAliasedKeys(_ text: String) -> Failure? {
        var line = 1
        var sawAnchor = false
        var sawAlias = false
        var complexKeyLine: Int?
        var previous: UInt8 = 0x0A
        var closed = false
        var inAlias = false
        var pending: (byte: UInt8, starts: Bool) = (0, false)
        for byte in text.utf8 {
            let isName = isAnchorByte(byte)
            if pending.starts, isName {
                if pending.byte == 0x26 {
                    sawAnchor = true
                } else {
                    sawAlias = true
                    inAlias = true
                }
            }
            pending = (byte, (byte == 0x26 || byte == 0x2A) && !isAnchorByte(previous))
            if byte == 0x3F, !isAnchorByte(previous) { complexKeyLine = complexKeyLine ?? line }
            if byte == 0x3A, closed || inAlias { complexKeyLine = complexKeyLine ?? line }
            switch byte {
            case 0x5D, 0x7D: closed = true
            case 0x20, 0x09: break
            default: closed = false
            }
            if inAlias, !isName, byte != 0x20, byte != 0x09 { inAlias = false }
            if byte == 0x0A { line += 1 }
            previous = byte
        }
        guard sawAnchor, sawAlias, let complexKeyLine else { return nil }
        return Failure(
            line: complexKeyLine,
            column: 1,
            message: "aliases together with keys that are not plain strings are not supported"
        )
    }

    private static func isAnchorByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: byte >= 0x80
        }
    }

    private struct Converter {
        var nodes = 0

        mutating func convert(_ node: Node, depth: Int) throws(Failure) -> YAMLNode {
            let line = node.markLine
            let column = node.markColumn
            self.nodes += 1
            guard self.nodes <= YAMLLoader.maximumNodes else {
                let message = "more than \(YAMLLoader.maximumNodes) values with aliases expanded"
                throw Failure(line: line, column: column, message: message)
            }
            guard depth <= YAMLLoader.maximumDepth else {
                let message = "nested deeper than \(YAMLLoader.maximumDepth) levels"
                throw Failure(line: line, column: column, message: message)
            }
            switch node {
            case .scalar(let scalar):
                let isString = scalar.tag.description == "tag:yaml.org,2002:str"
                let plain = scalar.style == .plain && !isString
                return YAMLNode(content: .scalar(scalar.string, plain: plain), line: line, column: column)
            case .sequence(let sequence):
                var items: [YAMLNode] = []
                for item in sequence { items.append(try self.convert(item, depth: depth + 1)) }
                return YAMLNode(content: .sequence(items), line: line, column: column)
            case .mapping(let mapping):
                var entries: [YAMLNode.Entry] = []
                for (key, value) in mapping {
                    guard case .scalar(let name) = key else {
                        throw Failure(line: key.markLine, column: key.markColumn, message: "keys must be strings")
                    }
                    let converted = try self.convert(value, depth: depth + 1)
                    entries.append(
                        YAMLNode.Entry(key: name.string, line: key.markLine, column: key.markColumn, value: converted)
                    )
                }
                return YAMLNode(content: .mapping(entries), line: line, column: column)
            case .alias:
                throw Failure(line: line, column: column, message: "an alias that refers to nothing")
            }
        }
    }
}

extension Node {
    // Without touching `tag`, whose getter resolves and stores.
    fileprivate var markLine: Int { self.mark?.line ?? 1 }
    fileprivate var markColumn: Int { self.mark?.column ?? 1 }
}
