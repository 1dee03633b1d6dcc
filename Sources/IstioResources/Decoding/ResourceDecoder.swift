/// Documents to resources: finds out the kind, reads what all kinds share, keeps what has no error.
struct ResourceDecoder {
    let defaultNamespace: String
    private(set) var resources = ResourceSet()
    private(set) var problems: [Problem] = []
    /// `kind/namespace/name` to where it was seen first.
    private var seen: [String: SourcePosition] = [:]

    static let maximumProblems = 1000

    init(defaultNamespace: String) {
        self.defaultNamespace = defaultNamespace
    }

    mutating func decode(_ file: SourceFile) {
        let (documents, failure) = YAMLLoader.load(file.text)
        for document in documents where !document.isNull {
            self.decode(document, in: file.path, depth: 0)
        }
        if let failure {
            self.resources.unreadableFiles.insert(file.path)
            self.append([
                Problem(
                    file: file.path,
                    line: failure.line,
                    column: failure.column,
                    severity: .error,
                    message: failure.message
                )
            ])
        }
    }

    private mutating func append(_ new: [Problem]) {
        self.problems.append(contentsOf: new.prefix(max(0, ResourceDecoder.maximumProblems - self.problems.count)))
    }

    private mutating func decode(_ document: YAMLNode, in file: String, depth: Int) {
        let context = DecodingContext(file: file)
        defer { self.append(context.problems) }
        let field = Field(node: document, path: "", context: context)
        guard let reader = field.object() else { return }
        guard let apiVersion = reader.required("apiVersion")?.string(),
            let kind = reader.required("kind")?.string()
        else { return }
        let group =
            apiVersion.split(separator: "/", maxSplits: 1).count == 2
            ? String(apiVersion.prefix(while: { $0 != "/" })) : ""

        if apiVersion == "v1", kind == "List", depth == 0 {
            // What `kubectl get -o yaml` writes.
            for item in reader["items"]?.list() ?? [] { self.decode(item.node, in: file, depth: 1) }
            return
        }
        guard let kindOf = SupportedKind(group: group, kind: kind) else {
            reader["kind"]?.warning("kind \(kind.prefix(64)) (\(apiVersion.prefix(64))) is not supported yet, ignored")
            return
        }
        guard kindOf.versions.contains(apiVersion) else {
            let known = kindOf.versions.joined(separator: ", ")
            reader["apiVersion"]?.error("unknown version \"\(apiVersion.prefix(64))\" of \(kind); one of \(known)")
            return
        }
        guard let metadata = self.metadata(reader, context: context, document: document) else { return }
        let identity = "\(kindOf.storageName)/\(metadata.key)"
        if let first = self.seen[identity] {
            let message = "\(kind) \(metadata.key) is defined twice; the first is at \(first.file):\(first.line)"
            reader["metadata"]?.error(message)
            return
        }
        self.seen[identity] = metadata.position
        self.decodeSpec(kindOf, reader, metadata)
        if context.hasErrors { self.resources.rejected.insert(identity) }
    }

    private mutating func decodeSpec(_ kind: SupportedKind, _ reader: ObjectReader, _ metadata: Metadata) {
        let context = reader.field.context
        if kind == .secret {
            let secret = SecretDecoder.decode(reader, metadata)
            reader.finish()
            if !context.hasErrors { self.resources.secrets.append(secret) }
            return
        }
        reader.ignore("status")
        let spec = reader.required("spec")
        reader.finish()
        guard let object = spec?.object() else {
            if kind == .wasmPlugin || kind == .trafficExtension {
                self.resources.rejectedPlugins.append(WasmPlugin(metadata: metadata, url: ""))
            }
            return
        }
        switch kind {
        case .wasmPlugin:
            self.add(WasmPluginDecoder.decode(object, metadata), hasErrors: context.hasErrors)
        case .trafficExtension:
            self.add(WasmPluginDecoder.decodeTrafficExtension(object, metadata), hasErrors: context.hasErrors)
        case .gateway:
            let gateway = GatewayDecoder.decode(object, metadata)
            if !context.hasErrors { self.resources.gateways.append(gateway) }
        case .virtualService:
            let service = VirtualServiceDecoder.decode(object, metadata)
            if !context.hasErrors { self.resources.virtualServices.append(service) }
        case .serviceEntry:
            let entry = ServiceEntryDecoder.decode(object, metadata)
            if !context.hasErrors, let entry { self.resources.serviceEntries.append(entry) }
        case .destinationRule:
            let rule = DestinationRuleDecoder.decode(object, metadata)
            if !context.hasErrors, let rule { self.resources.destinationRules.append(rule) }
        case .secret:
            break
        }
    }

    private mutating func add(_ plugin: WasmPlugin, hasErrors: Bool) {
        if hasErrors {
            self.resources.rejectedPlugins.append(plugin)
        } else {
            self.resources.wasmPlugins.append(plugin)
        }
    }

    private func metadata(_ reader: ObjectReader, context: DecodingContext, document: YAMLNode) -> Metadata? {
        guard let field = reader.required("metadata"), let object = field.object() else { return nil }
        object.ignore(
            "uid", "resourceVersion", "generation", "managedFields", "ownerReferences", "finalizers", "generateName",
            "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "clusterName"
        )
        let namespaceField = object["namespace"]
        let namespace = namespaceField?.string(maximum: 253) ?? self.defaultNamespace
        let nameField = object.required("name")
        guard let name = nameField?.string(maximum: 253) else { return nil }
        context.resource = "\(namespace)/\(name.prefix(253))"
        if !ResourceDecoder.isDNSName(name) {
            nameField?.error("must be lower-case letters, digits, '-' and '.'")
        }
        if !ResourceDecoder.isDNSName(namespace) {
            namespaceField?.error("must be lower-case letters, digits and '-'")
        }
        var metadata = Metadata(
            namespace: namespace,
            name: name,
            position: SourcePosition(file: context.file, line: document.line, column: document.column)
        )
        metadata.labels = object["labels"]?.stringMap() ?? [:]
        metadata.annotations = object["annotations"]?.stringMap() ?? [:]
        if let timestamp = object["creationTimestamp"], let text = timestamp.string() {
            metadata.creationTimestamp = RFC3339.seconds(text)
            if metadata.creationTimestamp == nil { timestamp.error("must be a time like 2024-01-31T12:00:00Z") }
        }
        object.finish()
        return metadata
    }

    private static func isDNSName(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last, first != 0x2D, first != 0x2E, last != 0x2D else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E: true
            default: false
            }
        }
    }
}

/// The kinds that mean something here.
enum SupportedKind: String {
    case wasmPlugin = "WasmPlugin"
    case trafficExtension = "TrafficExtension"
    case gateway = "Gateway"
    case virtualService = "VirtualService"
    case serviceEntry = "ServiceEntry"
    case destinationRule = "DestinationRule"
    case secret = "Secret"

    init?(group: String, kind: String) {
        guard let value = SupportedKind(rawValue: kind), value.group == group else { return nil }
        self = value
    }

    private var group: String {
        switch self {
        case .wasmPlugin, .trafficExtension: "extensions.istio.io"
        case .gateway, .virtualService, .serviceEntry, .destinationRule: "networking.istio.io"
        case .secret: ""
        }
    }

    var versions: [String] {
        switch self {
        case .wasmPlugin, .trafficExtension: ["extensions.istio.io/v1alpha1"]
        case .gateway, .virtualService, .serviceEntry, .destinationRule:
            ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"]
        case .secret: ["v1"]
        }
    }

    /// Both plugin kinds run under one name, so they share it.
    var storageName: String { self == .trafficExtension ? SupportedKind.wasmPlugin.rawValue : self.rawValue }
}
