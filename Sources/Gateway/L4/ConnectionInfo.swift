import NIOCore
import ProxyWasm

/// What is known of a client's connection, for log and properties.
final class ConnectionInfo: ConnectionFacts {
    let connectionID: UInt64
    let listenerName: String
    let filterChainName: String
    /// TLS that was ended here, or just looked at; nil: none.
    let security: ConnectionSecurity?
    let startMonotonic = Clock.monotonic()
    let startWall = Clock.wall()
    let addresses: ConnectionAddresses

    // A TCP connection's own; HTTP connections have these per request.
    var route: [UInt8] = []
    var cluster: ClusterPool?
    var endpoint: EndpointPool?
    var upstreamLocalAddress: [UInt8] = []
    var upstreamAttempts = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var flags: StaticString = "-"
    var details: StaticString = "-"

    @exclusivity(unchecked) var filterState: ConnectionFilterState?

    init(
        connectionID: UInt64, listenerName: String, filterChainName: String, channel: any Channel,
        security: ConnectionSecurity?
    ) {
        self.connectionID = connectionID
        self.listenerName = listenerName
        self.filterChainName = filterChainName
        self.security = security
        self.addresses = ConnectionAddresses(of: channel)
    }

    // MARK: ConnectionFacts

    var remoteAddressBytes: [UInt8] { self.addresses.remoteAddressBytes }
    var remoteIPBytes: [UInt8] { self.addresses.remoteIPBytes }
    var remotePort: Int { self.addresses.remotePort }
    var localAddressBytes: [UInt8] { self.addresses.localAddressBytes }
    var localPort: Int { self.addresses.localPort }
    var tls: TLSInfo? { self.security?.info }
    var terminationDetails: String? {
        self.details.utf8CodeUnitCount > 1 ? self.details.description : nil
    }

    // MARK: What plugins store

    func storedProperty(_ path: some Sequence<UInt8>) -> AttributeValue? { self.filterState?.properties.value(path) }

    /// `wasm.NAME` is what a plugin stored as NAME.
    func filterState(_ name: ArraySlice<UInt8>) -> AttributeValue? {
        let prefix = HTTPStream.wasmPrefix
        if name.starts(with: prefix) { return self.storedProperty(name.dropFirst(prefix.count)) }
        return self.filterState?.objects.value(name)
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status {
        self.filterStateForWriting().properties.set(path, value, as: declaration)
    }

    private func filterStateForWriting() -> ConnectionFilterState {
        if let state = self.filterState { return state }
        let state = ConnectionFilterState()
        self.filterState = state
        return state
    }
}

@available(*, unavailable)
extension ConnectionInfo: Sendable {}
