import Gateway
import IstioResources

/// Credentials for registries out of Secrets of type `kubernetes.io/dockerconfigjson`.
struct PullSecrets {
    static let type = "kubernetes.io/dockerconfigjson"
    static let entry = ".dockerconfigjson"

    struct Missing: Error, Equatable {
        var message: String
    }

    private let secrets: [Secret]

    init(_ secrets: [Secret]) { self.secrets = secrets }

    /// - Parameters:
    ///   - name: Of `imagePullSecret`: `NAME`, or `kubernetes://NAMESPACE/NAME`.
    ///   - namespace: The plugin's; as in Istio no other is looked into, whatever the name says.
    func find(_ name: String, namespace: String) -> Result<SecretBytes, Missing> {
        let name = name.split(separator: "/").last.map(String.init) ?? name
        func missing(_ what: String) -> Result<SecretBytes, Missing> {
            .failure(
                Missing(message: "missing image pulling secret: \(what); nothing is fetched without it"))
        }
        let key = "\(namespace)/\(name)"
        guard let secret = self.secrets.first(where: { $0.metadata.name == name && $0.metadata.namespace == namespace })
        else { return missing("there is no Secret \(key)") }
        guard secret.type == Self.type else {
            return missing("the Secret \(key) is of type \(secret.type.prefix(80)), not \(Self.type)")
        }
        guard let bytes = secret.data[Self.entry] else {
            return missing("the Secret \(key) has no \(Self.entry)")
        }
        return .success(SecretBytes(bytes))
    }
}
