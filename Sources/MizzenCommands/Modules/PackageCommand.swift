import ArgumentParser
import ModuleFetch

struct PackageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "package",
        abstract: "Pack a module as an image on this machine.",
        discussion: """
            Writes an OCI image layout, as a folder or, where the name ends in .tar, as an archive of one; Docker's form is
            written as a folder that skopeo takes as dir:FOLDER. Prints the image's digest. The same module gives the
            same digest.

            EXAMPLES
              mizzen package auth.wasm -o auth-image
              skopeo copy oci:auth-image docker://registry.example/auth:v1
            """
    )

    @Argument(help: "The module's file.", completion: .file(extensions: ["wasm"]))
    var file: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to: a new folder, or a name that ends in .tar.", valueName: "dir|file.tar"))
    var output: String

    @Option(help: "The tag that the layout notes for the image.")
    var tag: String?

    @OptionGroup(title: "Image")
    var image: ImageOptions

    private var isArchive: Bool { self.output.hasSuffix(".tar") }

    func validate() throws {
        if self.image.layout == .docker, self.isArchive {
            throw ValidationError(
                "--layout docker is written as a folder: an OCI archive holds no manifest of Docker's")
        }
    }

    func run() async throws {
        let image = try self.image.pack(self.file)
        let files =
            self.image.layout == .docker
            ? ImageDirectory.files(of: image) : try OCILayoutDirectory.files(of: image, tag: self.tag)
        if self.isArchive {
            let archive = try TarWriter.archive(files.map { (name: $0.path, bytes: $0.bytes) })
            try OutputFile.write(self.output, archive)
        } else {
            try OutputFile.writeFolder(self.output, files)
        }
        print(image.digest)
    }
}
