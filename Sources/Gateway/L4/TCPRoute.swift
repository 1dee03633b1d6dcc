/// Where a TCP chain's connections go.
final class TCPRoute: Sendable {
    struct Destination: Sendable {
        let cluster: String
        let weight: Int
    }
    let name: [UInt8]
    private let destinations: [Destination]
    private let totalWeight: UInt64

    init(_ configuration: TCPRouteConfiguration) {
        self.name = Array(configuration.name.utf8)
        let all = configuration.destinations
        self.destinations = (all.count > 1 ? all.filter { $0.weight > 0 } : all).map {
            Destination(cluster: $0.cluster, weight: max(1, $0.weight))
        }
        self.totalWeight = self.destinations.reduce(0) { $0 + UInt64($1.weight) }
    }

    /// By weight. Nil: the route leads nowhere.
    func pickDestination(random: UInt64) -> Destination? {
        guard self.totalWeight > 0 else { return nil }
        var ticket = random % self.totalWeight
        for destination in self.destinations {
            if ticket < UInt64(destination.weight) { return destination }
            ticket -= UInt64(destination.weight)
        }
        return self.destinations.last
    }
}
