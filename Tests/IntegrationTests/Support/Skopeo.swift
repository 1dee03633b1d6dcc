import ModuleFetch
import TestSupport

/// Debian's `skopeo`: somebody else's client for registries.
enum Skopeo {
    private static let program = "/usr/bin/skopeo"

    /// - Returns: What it printed.
    @discardableResult
    static func run(_ arguments: [String]) throws -> String {
        let process = try ChildProcess(Self.program, arguments)
        let code = try process.waitForExit()
        guard code == 0 else {
            throw HarnessError(
                "skopeo \(arguments) ended with \(code): \(process.standardError.joined(separator: "\n"))")
        }
        return process.standardOutput.joined(separator: "\n")
    }

    /// Packs a module as an image and puts it into a registry that is on this machine and speaks no TLS.
    /// - Parameter reference: `HOST:PORT/REPOSITORY:TAG`
    /// - Returns: The manifest's digest.
    @discardableResult
    static func push(
        _ module: [UInt8], to reference: String, layout: ImageLayout = .oci, credentials: String? = nil
    ) throws -> Digest {
        let image = try ModulePackage.build(wasm: module, layout: layout)
        let directory = try TemporaryDirectory()
        // Its folders of OCI images know no Docker manifests.
        let isDocker = layout == .docker
        let files = try isDocker ? ImageDirectory.files(of: image) : OCILayoutDirectory.files(of: image, tag: "image")
        for file in files { try directory.write(file.path, file.bytes) }
        try self.run(
            ["copy", "--insecure-policy", "--preserve-digests", "--dest-tls-verify=false"]
                + (credentials.map { ["--dest-creds", $0] } ?? [])
                + [isDocker ? "dir:\(directory.path)" : "oci:\(directory.path):image", "docker://\(reference)"])
        return image.digest
    }

    /// The same code under another digest: a custom section more.
    static func variant(_ module: [UInt8], _ number: UInt8) -> [UInt8] { module + [0, 3, 1, 0x76, number] }
}
