import LinearRegex

/// `networking.istio.io` VirtualService.
enum VirtualServiceDecoder {
    static func decode(_ spec: ObjectReader, _ metadata: Metadata) -> VirtualService {
        let hostsField = spec.required("hosts")
        let hostFields = hostsField?.list() ?? []
        if let hostsField, hostFields.isEmpty { hostsField.error("at least one host is needed") }
        let hosts: [String] = hostFields.compactMap { field in
            guard let host = field.string(maximum: 253) else { return nil }
            if !HostName.isValid(host) { field.error("must be a host name, \"*\" or \"*.suffix\"") }
            return host.lowercased()
        }
        let gateways = spec["gateways"]?.strings() ?? []
        if gateways.isEmpty || gateways == ["mesh"] {
            (spec["gateways"] ?? spec.field).warning(
                "names no gateway, so it applies to the mesh only and to no traffic here"
            )
        }
        let exportTo = spec["exportTo"]?.strings() ?? []
        let tls = spec["tls"].map { Layer4RouteDecoder.tls($0, hosts: hosts) } ?? []
        let tcp = spec["tcp"].map { Layer4RouteDecoder.tcp($0) } ?? []
        let entries = (spec["http"]?.list() ?? []).compactMap { self.entry($0) }
        spec.finish()
        return VirtualService(
            metadata: metadata,
            hosts: hosts,
            gateways: gateways,
            exportTo: exportTo,
            http: entries,
            tls: tls,
            tcp: tcp
        )
    }

    private static func entry(_ field: Field) -> HTTPEntry? {
        guard let object = field.object() else { return nil }
        object.unsupported("fault", "mirror", "mirrors", "mirrorPercentage", "mirrorPercent", "corsPolicy", "retries")
        let name = object["name"]?.string() ?? ""
        let match = (object["match"]?.list() ?? []).compactMap { VirtualServiceMatchDecoder.decode($0) }
        let route = object["route"]
        let redirect = object["redirect"]
        let direct = object["directResponse"]
        let delegate = object["delegate"]
        let rewrite = object["rewrite"]
        let timeout = object["timeout"]?.milliseconds()
        let headers = object["headers"].map { HeaderChangesDecoder.decode($0) }
        object.finish()

        if let delegate {
            delegate.warning("delegation is not supported yet, the entry is skipped")
            return nil
        }
        let actions = [route, redirect, direct].compactMap { $0 }
        guard actions.count == 1 else {
            let message = "exactly one of route, redirect and directResponse is needed"
            (actions.last ?? field).error(message)
            return nil
        }
        if let rewrite, route == nil { rewrite.error("needs a route") }
        guard let action = self.action(route: route, redirect: redirect, direct: direct) else { return nil }
        var entry = HTTPEntry(name: name, match: match, action: action)
        if let rewrite { self.rewrite(rewrite, into: &entry) }
        // 0s means none.
        entry.timeoutMilliseconds = timeout == 0 ? nil : timeout
        if let headers { (entry.requestHeaders, entry.responseHeaders) = headers }
        return entry
    }

    private static func action(route: Field?, redirect: Field?, direct: Field?) -> HTTPEntry.Action? {
        if let route { return self.destinations(route).map { .route($0) } }
        if let redirect { return self.redirect(redirect).map { .redirect($0) } }
        return direct.flatMap { self.directResponse($0) }
    }

    /// `route[]`; `tls[]` and `tcp[]` know no headers there.
    static func destinations(_ field: Field, allowsHeaders: Bool = true) -> [RouteDestination]? {
        let items = field.list(maximum: 1000)
        var result: [RouteDestination] = []
        for item in items {
            guard let object = item.object() else { continue }
            let destinationField = object.required("destination")
            let weight = object["weight"]?.integer(0...1_000_000).map { Int($0) } ?? 0
            let headers = allowsHeaders ? object["headers"].map { HeaderChangesDecoder.decode($0) } : nil
            object.finish()
            guard let destinationField, let destination = destinationField.object() else { continue }
            let hostField = destination.required("host")
            let host = hostField?.string(maximum: 253)
            let subset = destination["subset"]?.string(maximum: 63) ?? ""
            var port: Int?
            if let portObject = destination["port"]?.object() {
                port = portObject.required("number")?.port()
                portObject.finish()
            }
            destination.finish()
            guard let host, let hostField else { continue }
            if host.hasPrefix("*") || !HostName.isValid(host) { hostField.error("must be a host name") }
            var value = RouteDestination(host: host.lowercased(), subset: subset, port: port, weight: weight)
            if let headers { (value.requestHeaders, value.responseHeaders) = headers }
            value.position = hostField.position
            value.path = destinationField.path
            result.append(value)
        }
        guard !items.isEmpty else {
            if !field.context.hasErrors { field.error("at least one destination is needed") }
            return nil
        }
        if items.count > 1, result.count == items.count, result.allSatisfy({ $0.weight == 0 }) {
            field.error("the weights of several destinations must not all be 0")
        }
        return result
    }

    private static func redirect(_ field: Field) -> HTTPEntry.Redirect? {
        guard let object = field.object() else { return nil }
        var redirect = HTTPEntry.Redirect()
        let uri = object["uri"]
        redirect.uri = uri?.string(maximum: 4096)
        if redirect.uri?.hasPrefix("%PREFIX()%") == true { uri?.error("%PREFIX()% is not supported yet") }
        redirect.authority = object["authority"]?.string(maximum: 512)
        if let scheme = object["scheme"] {
            redirect.scheme = scheme.string()
            if let text = redirect.scheme, text != "http", text != "https" { scheme.error("must be http or https") }
        }
        redirect.port = object["port"]?.port()
        object.unsupported("derivePort")
        if let code = object["redirectCode"], let number = code.integer(0...999) {
            if [301, 302, 303, 307, 308].contains(number) {
                redirect.code = Int(number)
            } else {
                code.error("must be 301, 302, 303, 307 or 308")
            }
        }
        object.finish()
        for value in [redirect.uri, redirect.authority].compactMap({ $0 }) where !HeaderChangesDecoder.isValue(value) {
            field.error("must not contain control characters")
        }
        return redirect
    }

    private static func directResponse(_ field: Field) -> HTTPEntry.Action? {
        guard let object = field.object() else { return nil }
        let status = object.required("status")?.integer(200...599)
        var body: [UInt8] = []
        if let bodyField = object["body"], let reader = bodyField.object() {
            if let text = reader["string"]?.string(maximum: 1 << 20) {
                body = Array(text.utf8)
            } else if let bytes = reader["bytes"], let text = bytes.string(maximum: 2 << 20) {
                if let decoded = Base64.decode(text), decoded.count <= 1 << 20 {
                    body = decoded
                } else {
                    bytes.error("must be base64 of at most 1 MiB")
                }
            }
            reader.ignore("string", "bytes")
            reader.finish()
        }
        object.finish()
        return status.map { .direct(status: Int($0), body: body) }
    }

    private static func rewrite(_ field: Field, into entry: inout HTTPEntry) {
        guard let object = field.object() else { return }
        let uri = object["uri"]
        let regex = object["uriRegexRewrite"]
        if let authority = object["authority"], let text = authority.string(maximum: 512) {
            if text.isEmpty || !HeaderChangesDecoder.isValue(text) { authority.error("must be a host name") }
            entry.authorityRewrite = text
        }
        object.finish()
        if let uri, let text = uri.string(maximum: 4096) {
            if regex != nil { uri.error("only one of uri and uriRegexRewrite may be set") }
            if !HeaderChangesDecoder.isValue(text) || text.contains(" ") { uri.error("must be a path") }
            entry.pathRewrite = .uri(text)
        } else if let regex, let reader = regex.object() {
            let match = reader.required("match")
            let rewrite = reader.required("rewrite")
            reader.finish()
            guard let match, let pattern = RegexField.pattern(match), let rewrite,
                let text = rewrite.string(maximum: 4096)
            else { return }
            if let error = LinearRegex.checkSubstitution(text) { rewrite.error(error.reason) }
            if !HeaderChangesDecoder.isValue(text) { rewrite.error("must not contain control characters") }
            entry.pathRewrite = .regex(match: pattern, rewrite: text)
        }
    }
}

/// A field that holds a regular expression: compiled to see whether it is one.
enum RegexField {
    static func pattern(_ field: Field) -> String? {
        guard let text = field.string(maximum: 4096) else { return nil }
        do {
            _ = try LinearRegex(text)
            return text
        } catch {
            field.error("invalid regex: \(error.reason) (at offset \(error.position))")
            return nil
        }
    }
}
