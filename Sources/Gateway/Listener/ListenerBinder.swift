import NIOCore
import NIOPosix
import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The listening sockets.
actor ListenerBinder {
    private let options: GatewayOptions
    private let workers: [WorkerHandle]
    private let log: GatewayLog
    private var listeners: [String: Bound] = [:]
    private(set) var isDraining = false

    private struct Bound {
        var channels: [any Channel]
        var message: String
    }

    /// How a listener's sockets are.
    struct Status: Sendable {
        var isBound: Bool
        var message: String
    }

    /// By listener, and whether none is taken any more.
    var status: (listeners: [String: Status], isDraining: Bool) {
        let listeners = self.listeners.mapValues { Status(isBound: !$0.channels.isEmpty, message: $0.message) }
        return (listeners, self.isDraining)
    }

    init(options: GatewayOptions, workers: [WorkerHandle], log: GatewayLog) {
        self.options = options
        self.workers = workers
        self.log = log
    }

    /// Closes what is no longer wanted, binds what is new, and tries again what failed.
    func bind(_ wanted: [ListenerConfiguration]) async {
        for (name, bound) in self.listeners where !wanted.contains(where: { $0.name == name }) {
            for channel in bound.channels { try? await channel.close() }
            self.listeners[name] = nil
            self.log.log(.config, .info, "listener \(name) closed")
        }
        guard !self.isDraining else { return }
        for listener in wanted where self.listeners[listener.name]?.channels.isEmpty ?? true {
            var channels: [any Channel] = []
            do {
                for worker in self.workers { channels.append(try await self.bind(listener, on: worker)) }
                self.listeners[listener.name] = Bound(channels: channels, message: "")
                self.log.log(.config, .info, "listener \(listener.name) bound on \(listener.address):\(listener.port)")
            } catch {
                for channel in channels { try? await channel.close() }
                let message = "cannot bind \(listener.address):\(listener.port): \(error)"
                self.listeners[listener.name] = Bound(channels: [], message: message)
                self.log.log(.config, .error, "listener \(listener.name): \(message)")
            }
        }
    }

    /// Every worker has its own listening socket on the port (SO_REUSEPORT): a connection never changes threads.
    private nonisolated func bind(_ listener: ListenerConfiguration, on worker: WorkerHandle) async throws
        -> any Channel
    {
        let name = listener.name
        let maximum = self.options.maximumConnectionsPerWorker
        return try await ServerBootstrap(group: worker.eventLoop, childGroup: worker.eventLoop)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(
                ChannelOptions.socket(SocketOptionLevel(SOL_SOCKET), SocketOptionName(SO_REUSEPORT)), value: 1
            )
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelOption(.maxMessagesPerRead, value: ReadSizes.messagesPerRead)
            .childChannelOption(.recvAllocator, value: ReadSizes.allocator)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let loopWorker = worker.onLoop
                    guard loopWorker.connectionCount < maximum, !loopWorker.isDraining else {
                        channel.close(promise: nil)
                        return
                    }
                    try loopWorker.accept(channel, listener: name)
                }
            }
            .bind(host: listener.address, port: listener.port)
            .get()
    }

    func stopAccepting() async {
        self.isDraining = true
        for bound in self.listeners.values {
            for channel in bound.channels { try? await channel.close() }
        }
        self.listeners = [:]
    }
}
