import NIOCore
import NIOHPACK
import ProxyWasm

/// The gRPC calls that one VM's plugins have going.
final class GRPCCallouts: GRPCHost {
    private let worker: Worker
    /// The way to the VM, as long as there is one.
    private let vm: () -> PluginVM?
    private var callouts: [UInt32: GRPCCallout] = [:]
    private var isOver = false

    init(worker: Worker, vm: @escaping () -> PluginVM?) {
        self.worker = worker
        self.vm = vm
    }

    func cancelAll() {
        self.isOver = true
        let callouts = self.callouts
        self.callouts = [:]
        for callout in callouts.values { callout.cancel() }
    }

    // MARK: GRPCHost

    func startGRPCCall(
        token: UInt32,
        plugin: PluginContext,
        request: GRPCRequest,
        message: UnsafeRawBufferPointer,
        timeoutMilliseconds: UInt32
    ) -> Status {
        self.start(token, plugin, request, message, timeoutMilliseconds)
    }

    func startGRPCStream(token: UInt32, plugin: PluginContext, request: GRPCRequest) -> Status {
        self.start(token, plugin, request, nil, 0)
    }

    private func start(
        _ token: UInt32,
        _ plugin: PluginContext,
        _ request: GRPCRequest,
        _ message: UnsafeRawBufferPointer?,
        _ timeoutMilliseconds: UInt32
    ) -> Status {
        guard !self.isOver else { return .internalFailure }
        // A name that happens to look like a message is a name.
        var cluster = self.worker.cluster(named: String(decoding: request.upstream, as: UTF8.self))
        var service: GRPCService?
        if cluster == nil, let parsed = GRPCService(request.upstream) {
            cluster = self.worker.cluster(named: String(decoding: parsed.clusterName, as: UTF8.self))
            service = parsed
        }
        guard let cluster else { return .parseFailure }
        let callout = GRPCCallout(
            worker: self.worker,
            cluster: cluster,
            fields: Self.fields(request, service, cluster, timeoutMilliseconds),
            message: message,
            maximumMessageBytes: Int(clamping: plugin.definition.limits.messageBytes),
            timeoutMilliseconds: timeoutMilliseconds
        ) { event in self.tell(token, event, isStream: message == nil) }
        self.callouts[token] = callout
        // Later: nothing may be told while the guest is on the stack.
        self.worker.eventLoop.assumeIsolated().execute { callout.start() }
        return .ok
    }

    private static func fields(
        _ request: GRPCRequest,
        _ service: GRPCService?,
        _ cluster: ClusterPool,
        _ timeoutMilliseconds: UInt32
    ) -> HPACKHeaders {
        let map = HeaderMap()
        map.append(":method", "POST")
        map.append(":scheme", cluster.configuration.tls == nil ? "http" : "https")
        request.path.withUnsafeBytes { _ = map.append(":path", $0) }
        let authority = service.map(\.authority) ?? []
        let host = authority.isEmpty ? Array(cluster.configuration.host.utf8) : authority
        host.withUnsafeBytes { _ = map.append(":authority", $0) }
        map.append("te", "trailers")
        if timeoutMilliseconds > 0 {
            // At most eight digits (gRPC over HTTP/2, "Timeout").
            let isShort = timeoutMilliseconds <= 99_999_999
            map.append(
                name: "grpc-timeout",
                value: isShort ? "\(timeoutMilliseconds)m" : "\(timeoutMilliseconds / 1000)S")
        }
        map.append("content-type", "application/grpc")
        for (name, value) in service?.initialMetadata ?? [] {
            name.withUnsafeBytes { name in value.withUnsafeBytes { _ = map.append(name: name, value: $0) } }
        }
        let metadata = request.metadata
        for index in 0..<metadata.count {
            let name = metadata.name(at: index)
            if name.equals("content-type") || timeoutMilliseconds > 0 && name.equals("grpc-timeout") { continue }
            map.append(name: name, value: metadata.value(at: index))
        }
        return HTTP2FieldMapping.request(map)
    }

    private func tell(_ token: UInt32, _ event: GRPCCallout.Event, isStream: Bool) {
        switch event {
        case .initialMetadata(let metadata):
            self.vm()?.grpcInitialMetadata(token: token, metadata)
        case .message(let message):
            if !isStream { self.callouts[token] = nil }
            self.vm()?.grpcMessage(token: token, message)
        case .trailingMetadata(let metadata):
            self.vm()?.grpcTrailingMetadata(token: token, metadata)
        case .closed(let status):
            self.callouts[token] = nil
            self.vm()?.grpcClosed(token: token, status: status.code, message: status.message)
        }
    }

    func sendGRPCMessage(token: UInt32, message: UnsafeRawBufferPointer, endOfStream: Bool) {
        self.callouts[token]?.send(message, endOfStream: endOfStream)
    }

    func closeGRPCStream(token: UInt32) { self.callouts[token]?.closeSend() }

    func cancelGRPC(token: UInt32) { self.callouts.removeValue(forKey: token)?.cancel() }
}

@available(*, unavailable)
extension GRPCCallouts: Sendable {}

/// Accepts calls and never answers them: for a plugin's trial start, which must not fail for what it cannot have yet.
final class SilentGRPC: GRPCHost {
    func startGRPCCall(
        token: UInt32,
        plugin: PluginContext,
        request: GRPCRequest,
        message: UnsafeRawBufferPointer,
        timeoutMilliseconds: UInt32
    ) -> Status { .ok }
    func startGRPCStream(token: UInt32, plugin: PluginContext, request: GRPCRequest) -> Status { .ok }
    func sendGRPCMessage(token: UInt32, message: UnsafeRawBufferPointer, endOfStream: Bool) {}
    func closeGRPCStream(token: UInt32) {}
    func cancelGRPC(token: UInt32) {}
}
