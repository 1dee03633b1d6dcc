import ArgumentParser
import ModuleFetch

/// How a module is packed: shared by `package` and `push`.
struct ImageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "oci (an image, which Istio takes), docker (Docker's older form, Istio, too), "
                + "artifact (two layers, Istio, too), wasm (the CNCF's form, which Istio does not take)."))
    var layout = ImageLayout.oci

    @Option(help: ArgumentHelp("Of the manifest; may be repeated.", valueName: "key=value"))
    var annotation: [AnnotationArgument] = []

    func validate() throws {
        guard self.annotation.count <= 100 else { throw ValidationError("--annotation: at most 100") }
    }

    func pack(_ file: String) throws -> PackagedImage {
        let bytes = try ModuleInput.read(file)
        let annotations = Dictionary(self.annotation.map { ($0.key, $0.value) }) { $1 }
        do throws(ModuleFetchError) {
            return try ModulePackage.build(wasm: bytes, layout: self.layout, annotations: annotations)
        } catch {
            throw CommandFailure("\(file): \(error.message)")
        }
    }
}

/// `key=value`
struct AnnotationArgument: ExpressibleByArgument, Sendable {
    let key: String
    let value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, argument.utf8.count <= 64 << 10 else { return nil }
        self.key = String(parts[0])
        self.value = String(parts[1])
    }
}
