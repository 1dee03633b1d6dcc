/// Which addresses must not be dialled, whatever name led to them: a module's URL, a redirect or a registry's answer
/// must not make the gateway read from the cloud's metadata service. Private addresses are fine.
struct AddressGuard: Sendable {
    private let blocked: [IPNetwork]
    private let allowed: [IPNetwork]

    /// Link-local, metadata services outside of it (Alibaba Cloud, AWS over IPv6), "this host", multicast, broadcast.
    private static let always = [
        "169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "fd00:ec2::/32", "0.0.0.0/8", "::/128", "224.0.0.0/4",
        "ff00::/8", "255.255.255.255/32",
    ].compactMap { IPNetwork($0) }

    /// `.invalid` when a network is written wrongly.
    init(_ options: FetchOptions) throws(ModuleFetchError) {
        self.blocked = Self.always + (try Self.parse(options.blockedNetworks))
        self.allowed = try Self.parse(options.allowedNetworks)
    }

    func allows(_ address: IPAddress) -> Bool {
        // A translated address counts as the one behind the translator, too.
        let addresses = [address] + (address.translated.map { [$0] } ?? [])
        return addresses.allSatisfy { address in
            self.allowed.contains { $0.contains(address) } || !self.blocked.contains { $0.contains(address) }
        }
    }

    private static func parse(_ texts: [String]) throws(ModuleFetchError) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        for text in texts {
            guard let network = IPNetwork(text) else {
                throw ModuleFetchError(.invalid, "'\(text)' is no network; write it as 192.0.2.0/24 or fd00::/8")
            }
            networks.append(network)
        }
        return networks
    }
}
