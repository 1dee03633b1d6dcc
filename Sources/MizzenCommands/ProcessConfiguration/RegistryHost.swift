import IstioResources

/// `host[:port]` as it stands in an image's reference, lower-case.
enum RegistryHost {
    static func normalized(_ text: String) -> String? {
        let text = text.lowercased()
        guard !text.contains("/"), !text.contains("@") else { return nil }
        var host = Substring(text)
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            guard self.isPort(host[host.index(after: end)...]) else { return nil }
            let address = String(host[host.index(after: host.startIndex)..<end])
            return address.contains(":") && HostName.isIPAddress(address) ? text : nil
        }
        if let colon = host.firstIndex(of: ":") {
            guard self.isPort(host[colon...]) else { return nil }
            host = host[..<colon]
        }
        return HostName.isValid(String(host)) && !host.contains("*") ? text : nil
    }

    /// Nothing, or a colon and a port.
    private static func isPort(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        let digits = text.dropFirst()
        return text.first == ":" && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && (1...65535).contains(Int(digits) ?? 0)
    }
}
