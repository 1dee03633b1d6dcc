import IstioResources

/// A WasmPlugin document around a flow-style spec.
func pluginYAML(
    _ spec: String,
    name: String = "p",
    namespace: String = "edge",
    metadata: String = ""
) -> String {
    """
    apiVersion: extensions.istio.io/v1alpha1
    kind: WasmPlugin
    metadata: {name: \(name), namespace: \(namespace)\(metadata.isEmpty ? "" : ", " + metadata)}
    spec: \(spec)

    """
}

func decode(_ text: String, namespace: String = "default") -> (resources: ResourceSet, problems: [Problem]) {
    ResourceSet.decode([SourceFile(path: "f.yaml", text: text)], defaultNamespace: namespace)
}

let digest1 = String(repeating: "a1", count: 32)
let digest2 = String(repeating: "b2", count: 32)

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
