package import ProxyWasm

/// Streams in several states of their lives, for looking attributes up in.
package enum SampleStreams {
    /// Nothing but a connection and a request; one that is answered; one with all there can be.
    package static let count = 3

    // Safe: only read, and by the one thread that fuzzes.
    private nonisolated(unsafe) static let streams = (0..<Self.count).map(Self.make)

    package static func get(_ path: PropertyPath, of index: Int, into attribute: inout AttributeBuffer) -> Status {
        StreamAttributes.get(path, of: Self.streams[index], into: &attribute)
    }

    package static func getOfRoot(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        RootAttributes.get(path, node: Self.node, into: &attribute)
    }

    private static let node = NodeIdentity(
        id: "router~1.2.3.4~gateway.ns~ns.svc.cluster.local", cluster: "gateway.ns",
        metadata: [
            AttributeEntry(key: Array("NAMESPACE".utf8), value: .string("ns")),
            AttributeEntry(key: Array("LABELS".utf8), value: .map(["app": .string("gateway")])),
            AttributeEntry(key: Array("LIST".utf8), value: .list([.int(1), .bool(true), .null])),
        ], version: "1")

    private static func make(_ index: Int) -> HTTPStream {
        let connection = Connection()
        let stream = HTTPStream(connection)
        for (name, value) in [
            (":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/a?b"), ("x-a", "1"), ("x-a", "2"),
        ] {
            _ = stream.requestHeaders.append(name: name, value: value)
        }
        guard index > 0 else { return stream }
        stream.responseStarted = true
        stream.status = 503
        stream.flags = "UF,URX"
        _ = stream.responseHeaders.append(name: ":status", value: "503")
        guard index > 1 else { return stream }
        stream.details = Array("details".utf8)
        stream.responseTrailers = HeaderMap()
        _ = stream.responseTrailers?.append(name: "grpc-status", value: "7")
        connection.tls = TLSInfo(version: "TLSv1.3", requestedServerName: "name", isMutual: true)
        connection.terminationDetails = "ended"
        let istio = StreamMetadata(istio: ["services": .list([.map(["name": .string("a")])]), "port": .int(80)])
        stream.router.virtualHost = VirtualHost()
        stream.router.route = Route(configuration: Route.Configuration(metadata: istio))
        stream.router.cluster = ClusterPool(configuration: ClusterPool.Configuration(metadata: istio))
        stream.router.endpoint = EndpointPool(security: EndpointPool.Security())
        stream.router.attempts = 2
        stream.router.firstByteMonotonic = 5
        stream.router.readyMonotonic = 3
        stream.router.localAddressBytes = Array("10.0.0.2:1".utf8)
        stream.router.localPort = 1
        stream.router.transportFailureReason = "reason"
        for declaration in Self.declarations {
            _ = stream.setProperty(Array("p\(declaration.content)".utf8), [1, 0, 0xFF, 2], as: declaration)
        }
        _ = stream.setFilterState(Array("envoy.string".utf8), [0x61], span: .connection)
        return stream
    }

    private static let declarations = [
        PropertyDeclaration(), PropertyDeclaration(isReadOnly: true, content: .string, span: .connection),
    ]

    private final class Connection: ConnectionFacts {
        let remoteAddressBytes = Array("1.2.3.4:5".utf8)
        let remoteIPBytes = Array("1.2.3.4".utf8)
        let remotePort = 5
        let localAddressBytes = Array("5.6.7.8:80".utf8)
        let localPort = 80
        let connectionID: UInt64 = 7
        let listenerName = "listener"
        var filterState: ConnectionFilterState?
        var tls: TLSInfo?
        var terminationDetails: String?
    }
}
