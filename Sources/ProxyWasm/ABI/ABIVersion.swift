/// The ABI a module was built for, named by the marker function it exports.
public enum ABIVersion: String, Sendable, CaseIterable {
    case v0_1_0 = "0.1.0"
    case v0_2_0 = "0.2.0"
    case v0_2_1 = "0.2.1"

    /// The function export that announces this version; it is never called.
    package var marker: String {
        switch self {
        case .v0_1_0: "proxy_abi_version_0_1_0"
        case .v0_2_0: "proxy_abi_version_0_2_0"
        case .v0_2_1: "proxy_abi_version_0_2_1"
        }
    }

    /// The version of the first marker among `exports` (export-section order), nil when there is none.
    package static func detect(in exports: [ModuleFunction]) -> ABIVersion? {
        for export in exports {
            if let version = Self.allCases.first(where: { $0.marker == export.name }) { return version }
        }
        return nil
    }
}
