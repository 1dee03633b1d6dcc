/// A VM's gRPC calls and streams.
final class GRPCTable {
    struct Entry {
        let plugin: PluginContext
        /// The peer has closed; the guest may still send to the stream (to no effect) until it closes it.
        var isClosedByPeer = false
    }

    /// What a running callback shows of a call.
    struct Shown {
        let plugin: PluginContext
        var mapType: MapType?
        var map: HeaderMap?
        var message: (any BodyBuffer)?
    }

    /// Streams that the guest has not closed after their peers have.
    static let maximumClosed = 1000

    private(set) var entries: [UInt32: Entry] = [:]
    private var closedByPeer: [UInt32] = []
    private var lastCall: UInt32 = 1
    private var lastStream: UInt32 = 2
    @exclusivity(unchecked) var shown: Shown?

    /// The low two bits of a token say what it is: 0 an HTTP call, 1 a gRPC call, 2 a gRPC stream.
    static func isCall(_ token: UInt32) -> Bool { token & 3 == 1 }
    static func isStream(_ token: UInt32) -> Bool { token & 3 == 2 }

    /// 5, 9, 13, … for calls, 6, 10, 14, … for streams; never one in use.
    func add(_ plugin: PluginContext, isStream: Bool) -> UInt32 {
        var token = isStream ? self.lastStream : self.lastCall
        repeat { token &+= 4 } while self.entries[token] != nil
        if isStream { self.lastStream = token } else { self.lastCall = token }
        self.entries[token] = Entry(plugin: plugin)
        plugin.grpcCalls += 1
        return token
    }

    @discardableResult
    func remove(_ token: UInt32) -> Entry? {
        guard let entry = self.entries.removeValue(forKey: token) else { return nil }
        if entry.isClosedByPeer {
            self.closedByPeer.removeAll { $0 == token }
        } else {
            entry.plugin.grpcCalls -= 1
        }
        return entry
    }

    func closedByPeer(_ token: UInt32) {
        guard let entry = self.entries[token], !entry.isClosedByPeer else { return }
        entry.plugin.grpcCalls -= 1
        self.entries[token]?.isClosedByPeer = true
        self.closedByPeer.append(token)
        guard self.closedByPeer.count > Self.maximumClosed else { return }
        self.entries[self.closedByPeer.removeFirst()] = nil
    }
}

@available(*, unavailable)
extension GRPCTable: Sendable {}

/// Something of a gRPC call's answer.
enum GRPCEvent {
    case initialMetadata(HeaderMap)
    case message(any BodyBuffer)
    case trailingMetadata(HeaderMap)
    case closed(status: UInt32, message: [UInt8])
}
