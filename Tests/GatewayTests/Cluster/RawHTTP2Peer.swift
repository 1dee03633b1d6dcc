import TestSupport

/// A server that reads HTTP/2 frames far enough to know requests, and answers each with bytes: it can say what a codec
/// would not.
enum RawHTTP2Peer {
    /// `answer`: to a request, by the four bytes of its stream.
    static func script(_ answer: @escaping @Sendable (_ stream: [UInt8]) -> [UInt8]) -> TCPServer.Script {
        { peer in
            let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            guard try peer.receive(exactly: preface.utf8.count) == Array(preface.utf8) else { return }
            while true {
                let head = try peer.receive(exactly: 9)
                guard head.count == 9 else { return }
                let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
                guard try peer.receive(exactly: count).count == count else { return }
                if head[3] == 1 { try peer.send(answer(Array(head[5...]))) }
            }
        }
    }

    static func frame(_ type: UInt8, flags: UInt8, stream: [UInt8] = [0, 0, 0, 0], _ payload: [UInt8]) -> [UInt8] {
        [0, 0, UInt8(payload.count), type, flags] + stream + payload
    }

    /// What a server says first.
    static let settings = Self.frame(4, flags: 0, [])
}
