import IstioResources
import ModuleFetch

/// Files that a configuration file names: relative ones count from its folder.
struct ConfigurationFolder {
    let path: String

    init(of file: String) {
        self.path = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    }

    func resolve(_ name: String) -> String { name.hasPrefix("/") ? name : self.path + name }

    /// The path, when there is a file that holds such PEM blocks.
    func pemFile(_ field: Field, _ marker: String) -> String? {
        guard let path = self.path(field), self.pem(path, marker, field) != nil else { return nil }
        return path
    }

    func path(_ field: Field) -> String? {
        guard let name = field.string(maximum: 4096) else { return nil }
        guard !name.isEmpty, !name.utf8.contains(0) else {
            field.error("must be a path")
            return nil
        }
        return self.resolve(name)
    }

    /// Public keys: PEM text as it stands, or from the file that is named.
    func publicKeys(_ field: Field) -> String? {
        guard let written = field.string() else { return nil }
        let isText = written.contains("-----BEGIN")
        guard let text = isText ? written : self.path(field).flatMap({ self.pem($0, "-----BEGIN", field) }) else {
            return nil
        }
        do throws(ModuleFetchError) {
            _ = try VerificationKey.keys(pem: text)
            return text
        } catch {
            field.error(isText ? error.message : "\(self.resolve(written)): \(error.message)")
            return nil
        }
    }

    private func pem(_ path: String, _ marker: String, _ field: Field) -> String? {
        let bytes: [UInt8]
        do throws(BoundedFile.Problem) {
            bytes = try BoundedFile.read(path, maximumBytes: ProcessConfigurationBounds.fileBytes)
        } catch {
            field.error("cannot be read: \(error)")
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains(marker) else {
            field.error("\(path): holds no PEM with \(marker)")
            return nil
        }
        return text
    }
}
