/// What only the whole set can show: names that nothing has.
extension ResourceSet {
    /// Errors for destinations that no ServiceEntry knows, their ports and subsets; warnings for the rest.
    ///
    /// The resources stay in the set: at run time such a route answers 503.
    package func referenceProblems() -> [Problem] {
        var problems: [Problem] = []
        let registry = ServiceRegistry(self)
        let gateways = Set(self.gateways.map(\.metadata.key))
        for service in self.virtualServices {
            for name in service.gateways where name != "mesh" {
                let key = name.contains("/") ? name : "\(service.metadata.namespace)/\(name)"
                guard !gateways.contains(key), !self.rejected.contains("Gateway/\(key)") else { continue }
                let message = "gateway \"\(key)\" does not exist"
                problems.append(self.problem(.warning, service.metadata, "spec.gateways", message))
            }
            let requests = service.http.flatMap { entry -> [RouteDestination] in
                guard case .route(let destinations) = entry.action else { return [] }
                return destinations
            }
            let connections = (service.tls + service.tcp).flatMap(\.destinations)
            for (destinations, fate) in [(requests, "requests get 503"), (connections, "connections are closed")] {
                for destination in destinations {
                    guard let message = registry.problem(destination, from: service.metadata.namespace, fate: fate)
                    else { continue }
                    problems.append(
                        Problem(
                            file: destination.position.file,
                            line: destination.position.line,
                            column: destination.position.column,
                            severity: .error,
                            resource: service.metadata.key,
                            fieldPath: destination.path + message.field,
                            message: message.text
                        )
                    )
                }
            }
        }
        for rule in self.destinationRules {
            let host = registry.resolve(rule.host, from: rule.metadata.namespace)
            if registry.entry(host) == nil, !host.hasPrefix("*") {
                problems.append(
                    self.problem(.warning, rule.metadata, "spec.host", "no ServiceEntry has the host \"\(host)\"")
                )
            }
        }
        return problems
    }

    private func problem(
        _ severity: Problem.Severity,
        _ metadata: Metadata,
        _ path: String,
        _ message: String
    ) -> Problem {
        Problem(
            file: metadata.position.file,
            line: metadata.position.line,
            column: metadata.position.column,
            severity: severity,
            resource: metadata.key,
            fieldPath: path,
            message: message
        )
    }
}

/// The hosts that requests can be sent to.
package struct ServiceRegistry: Sendable {
    private var entries: [String: ServiceEntry] = [:]
    private var wildcards: [(host: String, entry: ServiceEntry)] = []
    private var subsets: [String: Set<String>] = [:]

    package init(_ resources: ResourceSet) {
        for entry in resources.serviceEntries {
            for host in entry.hosts {
                if host.hasPrefix("*") {
                    self.wildcards.append((host, entry))
                } else if self.entries[host] == nil {
                    self.entries[host] = entry
                }
            }
        }
        self.wildcards.sort { $0.host.utf8.count > $1.host.utf8.count }
        for rule in resources.destinationRules {
            let host = self.resolve(rule.host, from: rule.metadata.namespace)
            self.subsets[host, default: []].formUnion(rule.subsets.map(\.name))
        }
    }

    /// A short name becomes `name.namespace.svc.cluster.local` when there is a service of that name.
    package func resolve(_ host: String, from namespace: String) -> String {
        guard !host.contains("."), self.entries[host] == nil else { return host }
        let full = "\(host).\(namespace).svc.cluster.local"
        return self.entries[full] == nil ? host : full
    }

    /// The ServiceEntry of a full host name.
    package func entry(_ host: String) -> ServiceEntry? {
        self.entries[host] ?? self.wildcards.first { HostName.covers($0.host, host) }?.entry
    }

    /// The name a host's clusters carry: the wildcard's for a host that only a wildcard covers.
    package func clusterHost(_ host: String) -> String {
        if self.entries[host] != nil { return host }
        return self.wildcards.first { HostName.covers($0.host, host) }?.host ?? host
    }

    func problem(
        _ destination: RouteDestination,
        from namespace: String,
        fate: String
    ) -> (field: String, text: String)? {
        let host = self.resolve(destination.host, from: namespace)
        guard let entry = self.entry(host) else {
            return (".host", "no ServiceEntry has the host \"\(host)\"; \(fate)")
        }
        let ports = entry.ports.map(\.number)
        let listed = ports.map { String($0) }.joined(separator: ", ")
        if let port = destination.port, !ports.contains(port) {
            return (".port.number", "\(host) has no port \(port), only \(listed)")
        }
        if destination.port == nil, ports.count > 1 {
            return (".port", "a port is needed: \(host) has several (\(listed))")
        }
        if !destination.subset.isEmpty, self.subsets[host]?.contains(destination.subset) != true {
            return (".subset", "no DestinationRule defines subset \"\(destination.subset)\" of \(host)")
        }
        return nil
    }
}
