import ModuleFetch

/// What a registry or a web server sends for a module. The first byte chooses: compressed data and archives, manifests,
/// references and URLs.
enum UnboxTarget {
    private static let limit = 1 << 20

    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let first = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        switch first {
        case 0x4D: Self.manifest(rest)
        case 0x52: Self.reference(String(decoding: rest, as: UTF8.self))
        default: Self.unbox(rest, ModuleForm.allCases[Int(first) % ModuleForm.allCases.count])
        }
    }

    private static func unbox(_ bytes: [UInt8], _ form: ModuleForm) {
        do throws(ModuleFetchError) {
            let module = try ModuleUnboxing.module(from: bytes, form: form, limit: Self.limit)
            expect(module.starts(with: [0, 0x61, 0x73, 0x6D]), "a module has its magic")
            expect((8...Self.limit).contains(module.count), "a module has a preamble and is within the limit")
        } catch {
            expect([.malformed, .refused].contains(error.kind), "it is the bytes' fault: \(error.kind)")
            Self.check(error)
        }
    }

    private static func manifest(_ bytes: [UInt8]) {
        do throws(ModuleFetchError) {
            switch try ManifestDocument(bytes: bytes, mediaType: "") {
            case .image(let image):
                let again = try ManifestDocument(bytes: try image.encoded(), mediaType: "")
                expect(again == .image(image), "a manifest reads as what it was")
                let payloads = try image.payloads()
                expect(payloads.allSatisfy { image.layers.contains($0.layer) }, "payloads are layers")
            case .index(let index):
                let again = try ManifestDocument(bytes: try index.encoded(), mediaType: "")
                expect(again == .index(index), "an index reads as what it was")
                expect(index.candidates().count <= index.manifests.count, "candidates are entries")
            }
        } catch {
            Self.check(error)
        }
    }

    private static func reference(_ text: String) {
        do throws(ModuleFetchError) {
            let source = try ModuleSource(url: text)
            expect(!source.description.isEmpty, "a source has a text")
            guard case .image(let reference) = source else { return }
            let again = try ImageReference(reference.description)
            expect(again == reference, "a reference reads as what it was: \(reference)")
        } catch {
            expect(error.kind == .invalid, "it is the text's fault: \(error.kind)")
            Self.check(error)
        }
    }

    private static func check(_ error: ModuleFetchError) {
        expect(!error.message.isEmpty && error.message.utf8.count < 8192, "a message has a bounded text")
        expect(error.message.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "a message is one line")
    }
}
