import Gateway

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Any JSON, decoded. Members come in alphabetical order.
indirect enum JSONDocument: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONDocument])
    case object([String: JSONDocument])

    static func parse(_ bytes: [UInt8]) throws -> JSONDocument {
        do {
            return try JSONDecoder().decode(JSONDocument.self, from: Data(bytes))
        } catch {
            throw CommandFailure("the admin page answered something that is not JSON")
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONDocument].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONDocument].self))
        }
    }

    subscript(name: String) -> JSONDocument {
        if case .object(let members) = self { return members[name] ?? .null }
        return .null
    }

    var elements: [JSONDocument] {
        if case .array(let elements) = self { return elements }
        return []
    }

    /// The value as a table's cell.
    var text: String {
        switch self {
        case .null: "-"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value.isEmpty ? "-" : value
        case .array(let values): values.isEmpty ? "-" : values.map(\.text).joined(separator: ",")
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: " ")
        }
    }

    var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .array(let values): .array(values.map(\.json))
        case .object(let members):
            .object(members.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.json) })
        }
    }

    /// YAML: block style, with every string as JSON writes it (which YAML reads the same).
    func yaml(indent: Int = 0) -> String {
        let space = String(repeating: " ", count: indent)
        switch self {
        case .array(let values) where !values.isEmpty:
            return values.map { value in
                let nested = value.yaml(indent: indent + 2)
                return "\(space)-\(value.isBlock ? " " + nested.dropFirst(indent + 2) : " " + nested)"
            }.joined()
        case .object(let members) where !members.isEmpty:
            return members.sorted { $0.key < $1.key }.map { name, value in
                let nested = value.yaml(indent: indent + 2)
                return "\(space)\(Self.scalar(.string(name))):\(value.isBlock ? "\n" + nested : " " + nested)"
            }.joined()
        default:
            return Self.scalar(self.json) + "\n"
        }
    }

    private var isBlock: Bool {
        switch self {
        case .array(let values): !values.isEmpty
        case .object(let members): !members.isEmpty
        default: false
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        let keywords: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        if case .string(let text) = value, let first = text.utf8.first,
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= (first | 0x20), !keywords.contains(text.lowercased()),
            text.utf8.allSatisfy({ $0 == 0x2D || $0 == 0x5F || 0x30...0x39 ~= $0 || 0x61...0x7A ~= ($0 | 0x20) })
        {
            return text
        }
        return String(decoding: value.encoded(pretty: false), as: UTF8.self)
    }
}
