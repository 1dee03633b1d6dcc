extension PluginAnnotations {
    private static let maximumVMIDBytes = 253
    private static let maximumCapabilities = 200

    /// What Envoy has in `vm_config` and WasmPlugin does not. Answers what is wrong.
    static func readVM(_ name: Substring, _ value: String, into plugin: inout WasmPlugin) -> String? {
        switch name {
        case "vm-id":
            guard value.utf8.count <= self.maximumVMIDBytes else {
                return "must be at most \(self.maximumVMIDBytes) bytes long"
            }
            plugin.vmID = value
        case "vm-configuration":
            plugin.vmConfiguration = value
        default:
            let names = value.split(separator: ",", omittingEmptySubsequences: false).map(self.trimmed)
            guard names.count <= self.maximumCapabilities, names.allSatisfy(self.isFunctionName) else {
                return "must be names of functions and callbacks with commas in between, e.g. "
                    + "\"proxy_log,proxy_on_request_headers,fd_write\""
            }
            plugin.allowedCapabilities = Set(names).sorted()
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }

    private static func isFunctionName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default:
                    false
                }
            }
    }
}
