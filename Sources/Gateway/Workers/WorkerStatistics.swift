import NIOCore

/// One worker's counters: plain integers, added up when somebody asks.
struct WorkerStatistics {
    var connectionsTotal: UInt64 = 0
    var connectionsActive: UInt64 = 0
    var requestsTotal: UInt64 = 0
    var requestsActive: UInt64 = 0
    var protocolErrors: UInt64 = 0
    var tcp = TCPStatistics()
    var responses: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    var durationSumNanoseconds: UInt64 = 0
    /// One more than there are bounds: the last is everything slower.
    var durationBuckets: [UInt64]
    private static let boundsNanoseconds: [UInt64] = TrafficStatus.durationBoundsMilliseconds.map {
        UInt64($0 * 1_000_000)
    }
    private let bounds: [UInt64]

    init() {
        self.bounds = Self.boundsNanoseconds
        self.durationBuckets = Array(repeating: 0, count: self.bounds.count + 1)
    }

    mutating func record(status: Int, durationNanoseconds: UInt64) {
        switch status / 100 {
        case 1: self.responses.1 &+= 1
        case 2: self.responses.2 &+= 1
        case 3: self.responses.3 &+= 1
        case 4: self.responses.4 &+= 1
        case 5: self.responses.5 &+= 1
        default: self.responses.0 &+= 1
        }
        self.durationSumNanoseconds &+= durationNanoseconds
        var index = 0
        while index < self.bounds.count, durationNanoseconds > self.bounds[index] { index += 1 }
        self.durationBuckets[index] &+= 1
    }

    func add(to traffic: inout TrafficStatus) {
        traffic.downstreamConnectionsTotal += self.connectionsTotal
        traffic.downstreamConnectionsActive += self.connectionsActive
        traffic.downstreamRequestsTotal += self.requestsTotal
        traffic.downstreamRequestsActive += self.requestsActive
        traffic.downstreamProtocolErrors += self.protocolErrors
        self.tcp.add(to: &traffic)
        let classes = [
            self.responses.0, self.responses.1, self.responses.2, self.responses.3, self.responses.4, self.responses.5,
        ]
        for index in 0..<6 { traffic.responses[index] += classes[index] }
        if traffic.durationBuckets.isEmpty {
            traffic.durationBuckets = Array(repeating: 0, count: self.durationBuckets.count)
        }
        for index in self.durationBuckets.indices { traffic.durationBuckets[index] += self.durationBuckets[index] }
        traffic.durationSumMilliseconds += Double(self.durationSumNanoseconds) / 1_000_000
    }
}
