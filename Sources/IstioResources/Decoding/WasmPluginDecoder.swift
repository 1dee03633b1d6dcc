/// `extensions.istio.io/v1alpha1` WasmPlugin and TrafficExtension, with the rules of Istio's admission.
enum WasmPluginDecoder {
    static func decode(_ spec: ObjectReader, _ metadata: Metadata) -> WasmPlugin {
        var plugin = WasmPlugin(metadata: metadata, url: "")
        self.readAttachment(spec, into: &plugin, withTargetRef: true)
        self.readModule(spec, into: &plugin)
        PluginAnnotations.read(spec.field.context, into: &plugin)
        spec.finish()
        return plugin
    }

    /// The same plugin one level down, in `wasm`.
    static func decodeTrafficExtension(_ spec: ObjectReader, _ metadata: Metadata) -> WasmPlugin {
        var plugin = WasmPlugin(metadata: metadata, url: "")
        self.readAttachment(spec, into: &plugin, withTargetRef: false)
        PluginAnnotations.read(spec.field.context, into: &plugin)
        let lua = spec["lua"]
        let wasm = spec["wasm"]
        spec.finish()
        if let lua {
            lua.error(wasm == nil ? "Lua is not supported; use wasm" : "only one of wasm and lua may be set")
            return plugin
        }
        guard let wasm else {
            spec.field.error("wasm is required")
            return plugin
        }
        guard let object = wasm.object() else { return plugin }
        self.readModule(object, into: &plugin)
        object.finish()
        return plugin
    }

    // MARK: Where the plugin runs

    private static func readAttachment(_ spec: ObjectReader, into plugin: inout WasmPlugin, withTargetRef: Bool) {
        let selector = spec["selector"]
        let targetRef = withTargetRef ? spec["targetRef"] : nil
        let targetRefs = spec["targetRefs"]
        if [selector, targetRef, targetRefs].compactMap({ $0 }).count > 1 {
            (targetRefs ?? targetRef)?.error("only one of targetRefs or workloadSelector can be set")
        }
        if let selector { plugin.selector = self.selector(selector) }
        if let targetRefs {
            plugin.targetRefs = targetRefs.list(maximum: 16).compactMap { self.targetRef($0) }
        } else if let targetRef {
            plugin.targetRefs = [self.targetRef(targetRef)].compactMap { $0 }
        }
        if let phase = spec["phase"]?.enumeration(WasmPlugin.Phase.self) { plugin.phase = phase }
        plugin.priority = spec["priority"]?.integer(Int64(Int32.min)...Int64(Int32.max)).map { Int32($0) }
        if let match = spec["match"] { plugin.match = self.matches(match) }
    }

    private static func selector(_ field: Field) -> [String: String] {
        guard let object = field.object() else { return [:] }
        let labels = object["matchLabels"]
        object.finish()
        var result: [String: String] = [:]
        for (key, value) in labels?.entries() ?? [] {
            guard let text = value.string() else { continue }
            if key.isEmpty { value.error("empty key is not supported in selector") }
            if key.contains("*") || text.contains("*") { value.error("wildcard is not supported in selector") }
            result[key] = text
        }
        if result.isEmpty, !field.context.hasErrors { field.warning("workload selector specified without labels") }
        return result
    }

    private static func targetRef(_ field: Field) -> WasmPlugin.TargetRef? {
        guard let object = field.object() else { return nil }
        let group = object["group"]?.string() ?? ""
        let kindField = object.required("kind", "targetRef kind must be set")
        let nameField = object.required("name", "targetRef name must be set")
        if let namespace = object["namespace"], namespace.string() != "" {
            namespace.error("must not be set: a targetRef names something in the plugin's own namespace")
        }
        object.finish()
        guard let kind = kindField?.string(), let name = nameField?.string() else { return nil }
        if name.isEmpty { nameField?.error("targetRef name must be set") }
        let allowed = [
            "/Service", "core/Service", "networking.istio.io/ServiceEntry", "gateway.networking.k8s.io/Gateway",
            "gateway.networking.k8s.io/GatewayClass",
        ]
        guard allowed.contains("\(group)/\(kind)") else {
            kindField?.error(
                "targetRef must be to one of Service, ServiceEntry, Gateway or GatewayClass, not \"\(group)/\(kind)\""
            )
            return nil
        }
        return WasmPlugin.TargetRef(group: group, kind: kind, name: name)
    }

    private static func matches(_ field: Field) -> [WasmPlugin.Match] {
        var result: [WasmPlugin.Match] = []
        let items = field.list(maximum: 1000)
        for item in items {
            guard !item.node.isNull else {
                item.error("spec.match entry must not be null")
                continue
            }
            guard let object = item.object() else { continue }
            var match = WasmPlugin.Match()
            if let mode = object["mode"]?.enumeration(WasmPlugin.Mode.self) { match.mode = mode }
            for port in object["ports"]?.list(maximum: 1000) ?? [] {
                guard let entry = port.object() else { continue }
                let number = entry.required("number", "a port number is required")
                entry.finish()
                guard let value = number?.port() else { continue }
                if match.ports.contains(value) { number?.error("port \(value) is listed twice") }
                match.ports.append(value)
            }
            object.finish()
            result.append(match)
        }
        if !result.isEmpty, result.count == items.count, result.allSatisfy({ $0.mode == .server }) {
            field.warning("mode SERVER never matches a gateway: use CLIENT or CLIENT_AND_SERVER, or leave mode out")
        }
        return result
    }

    // MARK: What runs

    private static func readModule(_ spec: ObjectReader, into plugin: inout WasmPlugin) {
        self.readURL(spec, into: &plugin)
        if let policy = spec["imagePullPolicy"]?.enumeration(WasmPlugin.PullPolicy.self) {
            plugin.imagePullPolicy = policy
        }
        plugin.imagePullSecret = spec["imagePullSecret"].flatMap { self.text($0, maximum: 253) }
        plugin.pluginName = spec["pluginName"].flatMap { self.text($0, maximum: 256) }
        if let field = spec["verificationKey"], let key = field.string(maximum: 16 << 10) {
            // Istio takes the field and never looks at it; here the code has to be signed.
            if !key.isEmpty, !key.contains("-----BEGIN ") {
                field.warning("is no PEM public key and cannot verify anything: the plugin will not be loaded")
            }
            plugin.verificationKey = key
        }
        if let config = spec["pluginConfig"], config.object() != nil {
            if case .mapping(let entries) = config.node.content, !entries.isEmpty {
                let text = JSONText.encode(config.node)
                if text.utf8.count > JSONText.maximumBytes {
                    config.error("is larger than \(JSONText.maximumBytes >> 20) MiB as JSON")
                }
                plugin.pluginConfig = text
            }
        }
        if let strategy = spec["failStrategy"]?.enumeration(WasmPlugin.FailStrategy.self) {
            plugin.failStrategy = strategy
        }
        if let typeField = spec["type"], let type = typeField.enumeration(WasmPlugin.PluginType.self) {
            plugin.type = type == .unspecified ? .http : type
        }
        if let vm = spec["vmConfig"]?.object() {
            plugin.environment = vm["env"].map { self.environment($0) } ?? []
            vm.finish()
        }
    }

    private static func text(_ field: Field, maximum: Int) -> String? {
        guard let value = field.string(maximum: maximum) else { return nil }
        if value.isEmpty { field.error("must not be empty; leave it out instead") }
        return value
    }

    private static func readURL(_ spec: ObjectReader, into plugin: inout WasmPlugin) {
        let shaField = spec["sha256"]
        if let shaField, let sha = shaField.string(), !sha.isEmpty {
            if sha.utf8.count != 64 {
                shaField.error("sha256 field must be 64 characters long")
            } else if !ModuleURL.isDigest(sha) {
                shaField.error("sha256 field must match [a-f0-9]{64} pattern")
            }
            plugin.sha256 = sha
        }
        guard let field = spec.required("url", "url field needs to be set"), let text = field.string(maximum: 4096)
        else { return }
        switch ModuleURL.parse(text) {
        case .failure(let refusal):
            field.error(refusal.message)
        case .success(let url):
            plugin.url = url.text
            if let digest = url.digest, !plugin.sha256.isEmpty, digest != plugin.sha256 {
                (shaField ?? field).error("sha256 differs from the digest in url; they name different modules")
            }
            if url.scheme == "file" {
                spec["imagePullSecret"]?.warning("has no effect on a file:// url")
            }
        }
    }

    private static func environment(_ field: Field) -> [WasmPlugin.EnvironmentVariable] {
        var result: [WasmPlugin.EnvironmentVariable] = []
        var names: Set<String> = []
        for item in field.list(maximum: 256) {
            guard let object = item.object() else { continue }
            let nameField = object.required("name", "spec.vmConfig.env invalid: a name is required")
            let name = nameField?.string() ?? ""
            if let nameField, name.isEmpty || name.utf8.count > 256 || name.contains("=") || name.contains("\0") {
                nameField.error("spec.vmConfig.env invalid: a name has 1 to 256 characters and no '='")
            }
            if !names.insert(name).inserted { nameField?.error("duplicate env \"\(name.prefix(256))\"") }
            var variable = WasmPlugin.EnvironmentVariable(name: name)
            if let source = object["valueFrom"]?.enumeration(WasmPlugin.EnvironmentVariable.Source.self) {
                variable.source = source
            }
            if let valueField = object["value"], let value = valueField.string(maximum: 2048) {
                if variable.source == .host, !value.isEmpty {
                    valueField.error("value may only be set when valueFrom is INLINE")
                }
                if value.contains("\0") { valueField.error("must not contain a NUL character") }
                variable.value = value
            }
            object.finish()
            if name.hasPrefix("ISTIO_META_") {
                nameField?.warning("ISTIO_META_ is a reserved prefix; the variable does not reach the plugin")
            }
            result.append(variable)
        }
        return result
    }
}
