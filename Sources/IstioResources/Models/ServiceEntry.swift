/// `networking.istio.io` ServiceEntry: a host the gateway can send requests to.
package struct ServiceEntry: Sendable, Equatable {
    package enum Resolution: String, Sendable, CaseIterable {
        case none = "NONE"
        case staticAddresses = "STATIC"
        case dns = "DNS"
        case dnsRoundRobin = "DNS_ROUND_ROBIN"
        case dynamicDNS = "DYNAMIC_DNS"
    }
    package struct Port: Sendable, Equatable {
        package var number: Int
        package var name: String
        package var protocolName: String
        package var targetPort: Int?
        package init(number: Int, name: String, protocolName: String = "HTTP", targetPort: Int? = nil) {
            self.number = number
            self.name = name
            self.protocolName = protocolName
            self.targetPort = targetPort
        }
    }
    package struct Endpoint: Sendable, Equatable {
        package var address: String
        /// Port name to number.
        package var ports: [String: Int]
        package var labels: [String: String]
        package var weight: Int
        package init(address: String, ports: [String: Int] = [:], labels: [String: String] = [:], weight: Int = 1) {
            self.address = address
            self.ports = ports
            self.labels = labels
            self.weight = weight
        }
    }
    package var metadata: Metadata
    package var hosts: [String]
    package var ports: [Port]
    package var resolution: Resolution
    package var endpoints: [Endpoint]
    /// Empty = everywhere.
    package var exportTo: [String]

    package init(
        metadata: Metadata,
        hosts: [String],
        ports: [Port],
        resolution: Resolution,
        endpoints: [Endpoint],
        exportTo: [String] = []
    ) {
        self.metadata = metadata
        self.hosts = hosts
        self.ports = ports
        self.resolution = resolution
        self.endpoints = endpoints
        self.exportTo = exportTo
    }
}
