/// `networking.istio.io` ServiceEntry.
enum ServiceEntryDecoder {
    static func decode(_ spec: ObjectReader, _ metadata: Metadata) -> ServiceEntry? {
        spec.ignore("location")
        spec.unsupported("addresses", "subjectAltNames")
        let hosts = self.hosts(spec)
        let portsField = spec.required("ports")
        let ports = portsField.map { self.ports($0) } ?? []
        if let portsField, ports.isEmpty, !portsField.context.hasErrors {
            portsField.error("at least one port is needed")
        }
        let resolutionField = spec["resolution"]
        let resolution = resolutionField?.enumeration(ServiceEntry.Resolution.self) ?? ServiceEntry.Resolution.none
        let endpointsField = spec["endpoints"]
        let endpoints = endpointsField.map { self.endpoints($0, ports: ports, resolution: resolution) } ?? []
        let selector = spec["workloadSelector"]
        let exportTo = spec["exportTo"]?.strings() ?? []
        spec.finish()
        selector?.warning("not supported yet: there are no workloads to select, give endpoints instead")
        switch resolution {
        case .none:
            if let endpointsField, !endpoints.isEmpty {
                endpointsField.error("endpoints need resolution STATIC or DNS")
            }
            (resolutionField ?? spec.field).warning("resolution NONE cannot work on a gateway; DNS is used")
        case .staticAddresses:
            if endpoints.isEmpty, selector == nil, !spec.field.context.hasErrors {
                (endpointsField ?? resolutionField ?? spec.field).error("resolution STATIC needs endpoints")
            }
        case .dns, .dnsRoundRobin, .dynamicDNS:
            break
        }
        if resolution != .staticAddresses, endpoints.isEmpty, hosts.contains(where: { $0.hasPrefix("*") }) {
            spec.field.error("a wildcard host cannot be resolved by DNS; give endpoints")
        }
        return ServiceEntry(
            metadata: metadata,
            hosts: hosts,
            ports: ports,
            resolution: resolution,
            endpoints: endpoints,
            exportTo: exportTo
        )
    }

    private static func hosts(_ spec: ObjectReader) -> [String] {
        let field = spec.required("hosts")
        let items = field?.list() ?? []
        if let field, items.isEmpty { field.error("at least one host is needed") }
        return items.compactMap { item in
            guard let host = item.string(maximum: 253) else { return nil }
            guard host != "*", HostName.isValid(host) else {
                item.error("must be a host name or \"*.suffix\"")
                return nil
            }
            return host.lowercased()
        }
    }

    private static func ports(_ field: Field) -> [ServiceEntry.Port] {
        var result: [ServiceEntry.Port] = []
        for item in field.list(maximum: 1000) {
            guard let object = item.object() else { continue }
            let numberField = object.required("number")
            let number = numberField?.port()
            let nameField = object["name"]
            let name = nameField?.string() ?? ""
            let protocolName = object["protocol"]?.string()?.uppercased() ?? "HTTP"
            let target = object["targetPort"]?.port()
            object.finish()
            guard let number else { continue }
            if result.contains(where: { $0.number == number }) { numberField?.error("port \(number) is listed twice") }
            if !name.isEmpty, result.contains(where: { $0.name == name }) {
                nameField?.error("port name \"\(name.prefix(64))\" is used twice")
            }
            result.append(
                ServiceEntry.Port(number: number, name: name, protocolName: protocolName, targetPort: target)
            )
        }
        return result
    }

    private static func endpoints(
        _ field: Field,
        ports: [ServiceEntry.Port],
        resolution: ServiceEntry.Resolution
    ) -> [ServiceEntry.Endpoint] {
        var result: [ServiceEntry.Endpoint] = []
        for item in field.list() {
            guard let object = item.object() else { continue }
            object.ignore("locality", "network", "serviceAccount")
            let addressField = object.required("address")
            let address = addressField?.string(maximum: 253)
            var numbers: [String: Int] = [:]
            for (name, port) in object["ports"]?.entries() ?? [] {
                if !ports.contains(where: { $0.name == name }) {
                    port.error("names no port of this ServiceEntry")
                }
                if let number = port.port() { numbers[name] = number }
            }
            let labels = object["labels"]?.stringMap() ?? [:]
            let weight = object["weight"]?.integer(0...1_000_000_000).map { Int($0) } ?? 1
            object.finish()
            guard let address, let addressField else { continue }
            if address.hasPrefix("unix:") {
                addressField.error("Unix domain sockets are not supported")
            } else if resolution == .staticAddresses, !HostName.isIPAddress(address) {
                addressField.error("must be an IP address when resolution is STATIC; use resolution DNS for names")
            } else if address.hasPrefix("*") || !HostName.isValid(address) {
                addressField.error("must be an IP address or a host name")
            }
            result.append(ServiceEntry.Endpoint(address: address, ports: numbers, labels: labels, weight: weight))
        }
        return result
    }
}
