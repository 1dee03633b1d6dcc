/// `http[].match[]`.
enum VirtualServiceMatchDecoder {
    static func decode(_ field: Field) -> HTTPMatch? {
        guard let object = field.object() else { return nil }
        object.ignore("name", "statPrefix")
        object.unsupported("sourceLabels", "sourceNamespace")
        var match = HTTPMatch()
        match.uri = object["uri"].flatMap { self.condition($0, mayBeEmpty: false) }
        match.ignoreUriCase = object["ignoreUriCase"]?.bool() ?? false
        match.scheme = object["scheme"].flatMap { self.condition($0, mayBeEmpty: false) }
        match.method = object["method"].flatMap { self.condition($0, mayBeEmpty: false) }
        match.authority = object["authority"].flatMap { self.condition($0, mayBeEmpty: false) }
        match.headers = object["headers"].map { self.named($0, areHeaders: true) } ?? []
        match.withoutHeaders = object["withoutHeaders"].map { self.named($0, areHeaders: true) } ?? []
        match.queryParams = object["queryParams"].map { self.named($0, areHeaders: false) } ?? []
        match.port = object["port"]?.port()
        match.gateways = object["gateways"]?.strings() ?? []
        object.finish()
        return match
    }

    private static func named(_ field: Field, areHeaders: Bool) -> [HTTPMatch.Named] {
        field.entries().compactMap { name, value in
            if areHeaders ? !HeaderChangesDecoder.isName(name) : name.isEmpty {
                value.error(areHeaders ? "is no header name" : "the name must not be empty")
            }
            // A null value, like {}, asks for presence.
            let condition = value.node.isNull ? .present : self.condition(value, mayBeEmpty: true)
            return condition.map {
                HTTPMatch.Named(name: areHeaders ? name.lowercased() : name, condition: $0)
            }
        }
    }

    private static func condition(_ field: Field, mayBeEmpty: Bool) -> StringCondition? {
        guard let object = field.object() else { return nil }
        let exact = object["exact"]
        let prefix = object["prefix"]
        let regex = object["regex"]
        object.finish()
        let given = [exact, prefix, regex].compactMap { $0 }
        guard given.count <= 1 else {
            field.error("only one of exact, prefix and regex may be set")
            return nil
        }
        if let exact { return exact.string(maximum: 4096).map { .exact($0) } }
        if let prefix { return prefix.string(maximum: 4096).map { .prefix($0) } }
        if let regex { return RegexField.pattern(regex).map { .regex($0) } }
        if mayBeEmpty { return .present }
        if !field.context.hasErrors { field.error("one of exact, prefix and regex is needed") }
        return nil
    }
}
