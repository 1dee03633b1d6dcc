/// What bytes look like by their first ones: what to do with them, and what to tell whoever sent something else.
enum ContentKind: Hashable, CustomStringConvertible {
    case module
    /// Begins like a module and ends before its version.
    case truncatedModule
    /// Component model: the same magic with another layer number.
    case component
    case gzip
    case zstandard
    case tar
    case empty
    case zeros
    case other(String)

    static let moduleMagic: [UInt8] = [0x00, 0x61, 0x73, 0x6D]

    init(_ bytes: ArraySlice<UInt8>) {
        if bytes.isEmpty {
            self = .empty
        } else if bytes.starts(with: Self.moduleMagic) {
            // Preamble: magic, version 1; a component has version 13 and layer 1.
            if bytes.count < 8 {
                self = .truncatedModule
            } else {
                self = bytes.dropFirst(4).prefix(4).elementsEqual([0x0D, 0, 1, 0]) ? .component : .module
            }
        } else if bytes.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if Self.isZstandard(bytes) {
            self = .zstandard
        } else if TarHeader.isHeader(bytes) {
            self = .tar
        } else if bytes.prefix(1024).allSatisfy({ $0 == 0 }) {
            self = .zeros
        } else {
            self = .other(Self.name(bytes))
        }
    }

    /// A frame (RFC 8878, 3.1.1) or a skippable one, of which 3.1.2 has sixteen.
    private static func isZstandard(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count >= 4, let first = bytes.first else { return false }
        let rest = bytes.dropFirst().prefix(3)
        return first == 0x28 && rest.elementsEqual([0xB5, 0x2F, 0xFD])
            || first & 0xF0 == 0x50 && rest.elementsEqual([0x2A, 0x4D, 0x18])
    }

    private static let magics: [(bytes: [UInt8], name: String)] = [
        ([0x7F, 0x45, 0x4C, 0x46], "an ELF file: native code, not WebAssembly"),
        ([0x4D, 0x5A], "a Windows program"),
        ([0xCF, 0xFA, 0xED, 0xFE], "a Mach-O file: native code, not WebAssembly"),
        ([0xCA, 0xFE, 0xBA, 0xBE], "a Mach-O or Java class file"),
        ([0x21, 0x3C, 0x61, 0x72, 0x63, 0x68, 0x3E], "an ar archive: a library that is not linked"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive; pack it as tar or gzip"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz data; compress it with gzip or zstd"),
        ([0x42, 0x5A, 0x68], "bzip2 data; compress it with gzip or zstd"),
        ([0x23, 0x21], "a script"),
    ]

    private static let texts: [(text: String, name: String)] = [
        ("<!doctype html", "HTML, perhaps a login or an error page"),
        ("<html", "HTML, perhaps a login or an error page"),
        ("<", "XML or HTML, perhaps an error page"),
        ("{", "JSON, perhaps an error"),
        ("[", "JSON, perhaps an error"),
        ("(module", "WebAssembly text; compile it with wat2wasm"),
        ("(component", "WebAssembly text of a component"),
        ("version https://git-lfs", "a Git LFS pointer: the file itself was not checked out"),
    ]

    private static func name(_ bytes: ArraySlice<UInt8>) -> String {
        if let magic = Self.magics.first(where: { bytes.starts(with: $0.bytes) }) { return magic.name }
        let isText = bytes.prefix(512).allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
        guard isText else {
            let hex = bytes.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }
            return "unknown data that begins with the bytes \(hex.joined(separator: " "))"
        }
        var text = bytes.prefix(512)
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        let beginning = text.drop { $0 <= 0x20 }.prefix(32).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return Self.texts.first { beginning.starts(with: $0.text.utf8) }?.name ?? "text"
    }

    var description: String {
        switch self {
        case .module: "a WebAssembly module"
        case .truncatedModule: "a WebAssembly module cut off within its first 8 bytes"
        case .component: "a WebAssembly component; Proxy-Wasm plugins are core modules: build it for wasm32-wasip1"
        case .gzip: "gzip data"
        case .zstandard: "zstd data"
        case .tar: "a tar archive"
        case .empty: "empty"
        case .zeros: "nothing but zero bytes: an empty layer or archive"
        case .other(let name): name
        }
    }
}
