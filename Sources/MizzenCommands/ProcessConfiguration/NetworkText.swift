import IstioResources

/// Networks as they are written in configuration: `192.0.2.0/24`, `fd00::/8`.
enum NetworkText {
    static let form = "write it as 192.0.2.0/24 or fd00::/8"

    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, HostName.isIPAddress(String(parts[0])),
            !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1])
        else { return false }
        return length <= (parts[0].contains(":") ? 128 : 32)
    }
}
