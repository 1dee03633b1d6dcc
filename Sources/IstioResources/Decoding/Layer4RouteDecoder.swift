/// `tls[]` and `tcp[]` of a VirtualService.
enum Layer4RouteDecoder {
    /// `hosts`: those of the VirtualService, within which SNI hosts must be.
    static func tls(_ field: Field, hosts: [String]) -> [Layer4Entry] {
        field.list(maximum: 1000).compactMap { self.entry($0, sniHosts: hosts) }
    }

    static func tcp(_ field: Field) -> [Layer4Entry] {
        field.list(maximum: 1000).compactMap { self.entry($0, sniHosts: nil) }
    }

    private static func entry(_ field: Field, sniHosts hosts: [String]?) -> Layer4Entry? {
        guard let object = field.object() else { return nil }
        let matchField = hosts == nil ? object["match"] : object.required("match", "a tls route needs a match")
        let match = (matchField?.list(maximum: 1000) ?? []).compactMap { self.match($0, hosts: hosts) }
        if hosts != nil, let matchField, match.isEmpty, !field.context.hasErrors {
            matchField.error("a tls route needs a match")
        }
        let route = object.required("route")
        object.finish()
        guard let route, let destinations = VirtualServiceDecoder.destinations(route, allowsHeaders: false) else {
            return nil
        }
        return Layer4Entry(match: match, destinations: destinations)
    }

    private static func match(_ field: Field, hosts: [String]?) -> Layer4Match? {
        guard let object = field.object() else { return nil }
        object.unsupported("destinationSubnets", "sourceSubnet", "sourceLabels", "sourceNamespace")
        var match = Layer4Match()
        if let hosts {
            let names = object.required("sniHosts", "a tls match needs at least one SNI host")
            for name in names?.list(maximum: 1000) ?? [] {
                guard let text = name.string(maximum: 253)?.lowercased() else { continue }
                if !HostName.isValid(text) {
                    name.error("must be a host name, \"*\" or \"*.suffix\"")
                } else if !hosts.contains(where: { HostName.covers($0, text) }) {
                    name.error("SNI host \"\(text)\" is in none of the VirtualService's hosts")
                }
                match.sniHosts.append(text)
            }
            if let names, match.sniHosts.isEmpty, !field.context.hasErrors {
                names.error("a tls match needs at least one SNI host")
            }
        }
        match.port = object["port"]?.port()
        match.gateways = object["gateways"]?.strings() ?? []
        object.finish()
        return match
    }
}
