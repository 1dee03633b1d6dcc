#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One `-----BEGIN LABEL-----` … `-----END LABEL-----` of a text (RFC 7468).
struct PEMBlock {
    var label: String
    var bytes: [UInt8]

    /// Every block of a text, in its order; what stands between them is explanatory (RFC 7468, section 2).
    /// `what` names the text in an error. The text itself never gets into one: it may be a private key.
    static func blocks(of text: String, what: String) throws(ModuleFetchError) -> [PEMBlock] {
        guard text.utf8.count <= Self.maximumTextBytes else {
            throw ModuleFetchError(.invalid, "\(what) is longer than \(Self.maximumTextBytes) bytes")
        }
        var blocks: [PEMBlock] = []
        var label: String?
        var body = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingPrefix(while: \.isWhitespace)
            if let name = Self.name(in: line, after: "-----BEGIN ") {
                guard label == nil else { throw ModuleFetchError(.invalid, "\(what): a PEM block does not end") }
                (label, body) = (name, "")
            } else if let name = Self.name(in: line, after: "-----END ") {
                guard name == label else {
                    throw ModuleFetchError(.invalid, "\(what): a PEM block ends that did not begin")
                }
                guard !body.contains(":") else {
                    throw ModuleFetchError(
                        .invalid, "\(what): PEM blocks with headers (as of a key that openssl encrypted) are not read")
                }
                guard !body.isEmpty, let data = Data(base64Encoded: body) else {
                    throw ModuleFetchError(.invalid, "\(what): a PEM block is not base64")
                }
                blocks.append(PEMBlock(label: name, bytes: Array(data)))
                label = nil
            } else if label != nil {
                body += line.filter { !$0.isWhitespace }
            }
        }
        guard label == nil else { throw ModuleFetchError(.invalid, "\(what): a PEM block does not end") }
        guard !blocks.isEmpty else {
            throw ModuleFetchError(.invalid, "\(what) holds no PEM block (-----BEGIN …-----)")
        }
        return blocks
    }

    private static let maximumTextBytes = 1 << 20

    private static func name(in line: Substring, after start: String) -> String? {
        let line = String(line.reversed().drop(while: \.isWhitespace).reversed())
        guard line.hasPrefix(start), line.hasSuffix("-----"), line.count >= start.count + 5 else { return nil }
        return String(line.dropFirst(start.count).dropLast(5))
    }
}
