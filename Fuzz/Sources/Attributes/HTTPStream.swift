import ProxyWasm

/// Stands in for the gateway's stream, with which all of NIO would come: what the attributes read of one, set by hand.
final class HTTPStream {
    let requestHeaders = HeaderMap()
    let responseHeaders = HeaderMap()
    var responseTrailers: HeaderMap?
    var responseStarted = false
    var isActive = true
    var status = 0
    var details: [UInt8] = []
    var flags: StaticString = "-"
    let protocolName: StaticString = "HTTP/1.1"
    let startWall: UInt64 = 1_700_000_000_000_000_000
    let startMonotonic: UInt64 = 1
    var requestBytes: UInt64 = 0
    var responseBytes: UInt64 = 0
    let router = RouterState()
    let worker = Worker()
    let downstream: any ConnectionFacts
    var properties = FilterState()
    var objects = FilterState()

    init(_ downstream: any ConnectionFacts) { self.downstream = downstream }

    func resolveRoute() {}
    func cluster(of destination: String) -> ClusterPool? { self.router.cluster }
}

final class RouterState {
    var virtualHost: VirtualHost?
    var route: Route?
    var cluster: ClusterPool?
    var endpoint: EndpointPool?
    var attempts = 0
    var startMonotonic: UInt64 = 0
    var firstByteMonotonic: UInt64 = 0
    var readyMonotonic: UInt64 = 0
    var localAddressBytes: [UInt8] = []
    var localPort = 0
    var transportFailureReason: StaticString?
}

struct VirtualHost { var name = "host:80" }

struct Route {
    struct Configuration { var metadata = StreamMetadata.empty }
    var name = Array("route".utf8)
    var forwards = true
    var destinations = ["cluster"]
    var configuration = Configuration()
}

struct ClusterPool {
    struct Configuration { var metadata = StreamMetadata.empty }
    var nameBytes = Array("cluster".utf8)
    var endpoints = [0, 1]
    var configuration = Configuration()
}

struct EndpointPool {
    struct Endpoint { var port = 8080 }
    struct Security { var info = TLSInfo() }
    var addressBytes = Array("10.0.0.1:8080".utf8)
    var endpoint = Endpoint()
    var security: Security?
}

struct Worker {
    struct Options { var node = NodeIdentity() }
    var options = Options()
}
