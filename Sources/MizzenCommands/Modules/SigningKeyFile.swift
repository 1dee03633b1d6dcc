import ModuleFetch

/// Keys to sign with. Nothing of them gets into a message.
enum SigningKeyFile {
    private static let maximumBytes = 64 << 10
    private static let passwordVariable = "COSIGN_PASSWORD"

    static func read(_ path: String) throws -> SigningKey {
        let pem = try KeyFile.read(path, maximumBytes: self.maximumBytes)
        var password = ProcessEnvironment.variables()[self.passwordVariable]
        if password == nil, pem.contains("-----BEGIN ENCRYPTED "), SecretInput.isTerminal {
            password = try SecretInput.hiddenLine("Password of \(path): ")
        }
        do throws(ModuleFetchError) {
            return try SigningKey(pem: pem, password: Array((password ?? "").utf8))
        } catch {
            throw CommandFailure("\(path): \(error.message)")
        }
    }
}
