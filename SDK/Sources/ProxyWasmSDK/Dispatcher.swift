internal import CProxyWasmShims

struct PendingCall {
    let token: UInt32
    let context: UInt32
    let completion: (CallResponse) -> Void
}

/// Leads the host's callbacks to the right objects. A module instance is only ever entered by one thread, so its
/// state needs no protection.
enum Dispatcher {
    nonisolated(unsafe) static var makeRoot: (() -> RootContext)?
    nonisolated(unsafe) static var roots = ContextTable<RootContext>()
    nonisolated(unsafe) static var streams = ContextTable<HTTPContext>()
    nonisolated(unsafe) static var calls: [PendingCall] = []

    static func create(_ id: UInt32, parent: UInt32) {
        if parent == 0 {
            guard let root = self.makeRoot?() else {
                ProxyWasm.log(.critical, "no root context: call ProxyWasm.register at the top of main.swift")
                return
            }
            root.id = id
            self.roots.insert(root, for: id)
        } else if let stream = self.roots[parent]?.makeHTTPContext() {
            stream.id = id
            self.streams.insert(stream, for: id)
        }
    }

    static func configure(_ id: UInt32, size: Int) -> Bool {
        guard let root = self.roots[id] else { return false }
        let text = size > 0 ? (try? Hostcalls.buffer(7)) ?? ByteString() : ByteString()
        return root.onConfigure(text)
    }

    static func complete(token: UInt32, headerCount: Int) {
        guard let index = self.calls.firstIndex(where: { $0.token == token }) else { return }
        let call = self.calls.remove(at: index)
        guard self.streams[call.context] != nil, proxy_set_effective_context(call.context) == 0 else { return }
        call.completion(CallResponse(headerCount: headerCount))
    }

    static func delete(_ id: UInt32) {
        if self.streams.remove(id) == nil {
            self.roots.remove(id)
        }
    }
}
