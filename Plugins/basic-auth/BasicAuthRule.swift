import ProxyWasmSDK

/// Who may use which part of the site.
struct BasicAuthRule {
    enum Verdict {
        case accepted
        case missing
        case rejected
    }

    var prefixes: [ByteString]
    /// Empty means every method.
    var methods: [ByteString] = []
    var credentials = CredentialTable()

    func applies(path: ByteString, method: ByteString) -> Bool {
        guard self.methods.isEmpty || self.methods.contains(method) else { return false }
        return self.prefixes.contains { $0 == "/" || PathGuard.path(path, mayReach: $0) }
    }

    func judge(authorization: ByteString?) -> Verdict {
        guard let bytes = authorization?.bytes else { return .missing }
        guard let space = bytes.firstIndex(of: 0x20),
            ByteString(bytes[..<space]).lowercased() == "basic"
        else { return .missing }
        let token = ByteString(bytes[space...].drop { $0 == 0x20 })
        guard let credential = Base64.decode(token) else { return .rejected }
        return self.credentials.contains(credential) ? .accepted : .rejected
    }
}
