import Crypto
import Gateway
import ProxyWasm

/// All that `inspect` says about a module.
struct ModuleReport: Sendable {
    let bytes: Int
    let digest: String
    let module: ModuleFile
    let verdicts: [LoadVerdict]

    /// - Parameter layoutProblems: Why Istio cannot take the module out of the image that it came in.
    init(_ bytes: [UInt8], layoutProblems: [String] = []) throws(ModuleFile.Malformed) {
        self.bytes = bytes.count
        self.digest = SHA256.hash(data: bytes).hexadecimal
        self.module = try ModuleFile(bytes)
        let envoy = EnvoyLoading.problems(self.module)
        self.verdicts = [
            .mizzen(bytes), LoadVerdict("Envoy", problems: envoy),
            LoadVerdict("Istio", problems: layoutProblems + envoy),
        ]
    }

    var startFunctions: [String] {
        ["_initialize", "_start"].filter { name in self.module.exports.contains { $0.name == name } }
    }

    var abiText: String {
        guard let version = self.module.abiVersion else { return "none: exports no \(Self.markers)" }
        return "\(version.rawValue) (\(version.marker))"
    }

    private static let markers = ABIVersion.allCases.map(\.marker).joined(separator: ", ")

    /// Exports that the host calls, and the others.
    var exportGroups: (callbacks: [String], others: [String]) {
        let version = self.module.abiVersion ?? .v0_2_1
        var groups: (callbacks: [String], others: [String]) = ([], [])
        for export in self.module.exports {
            let name = TerminalText.safe(export.name)
            if export.kind == .function, HostFunctionCatalog.callbackType(export.name, version) != nil {
                groups.callbacks.append(name)
            } else {
                groups.others.append(export.kind == .function ? name : "\(name) (\(export.kind.rawValue))")
            }
        }
        return groups
    }
}
