#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Manifests to and from JSON, with errors that say which member is wrong.
enum ManifestJSON {
    /// Throws `.malformed`, `what` being its subject.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], _ what: String)
        throws(ModuleFetchError) -> Value
    {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw ModuleFetchError(.malformed, "\(what) \(Self.describe(error))")
        } catch {
            throw ModuleFetchError(.malformed, "\(what) is no JSON")
        }
    }

    static func encode(_ value: some Encodable) throws(ModuleFetchError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(value))
        } catch {
            throw ModuleFetchError(.invalid, "cannot be written as JSON: \("\(error)".printable(200))")
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            let place = Self.path(context.codingPath)
            return "has no \(place.isEmpty ? "" : "\(place).")\(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "has a value of another type at \(Self.path(context.codingPath))"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: return "is no JSON"
        case .dataCorrupted(let context):
            return "has a wrong \(Self.path(context.codingPath)): \(context.debugDescription.printable(120))"
        @unknown default: return "cannot be read"
        }
    }

    private static func path(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue.printable(40) : "\(text).\(key.stringValue.printable(40))"
        }
    }
}
