import NIOHTTP2

/// A gRPC service by hand, a method for each way a call can go. The service's name does not matter.
package enum GRPCServer {
    package static let head = [(":status", "200"), ("content-type", "application/grpc"), ("x-initial", "i")]

    package static func frame(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
        let size = message.count
        return [flag, UInt8(size >> 24 & 255), UInt8(size >> 16 & 255), UInt8(size >> 8 & 255), UInt8(size & 255)]
            + message
    }

    package static func trailers(_ status: Int, _ message: String? = nil) -> [(String, String)] {
        [("grpc-status", String(status)), ("x-trailing", "t")] + (message.map { [("grpc-message", $0)] } ?? [])
    }

    package static let script: HTTP2Server.Script = { stream, event in
        let method = stream.request.path.split(separator: "/").last ?? ""
        switch (method, event) {
        case ("Unary", .end) where stream.request.reset == nil:
            // Answers with what came, and with how it came.
            let echo = stream.request.messages.first ?? []
            stream.head(Self.head)
            stream.data(Self.frame(echo))
            stream.trailers(Self.trailers(0))
        case ("Fail", .end) where stream.request.reset == nil:
            stream.head(Self.head + [("grpc-status", "5"), ("grpc-message", "no%70%65")], end: true)
        case ("FailLate", .end) where stream.request.reset == nil:
            stream.head(Self.head)
            stream.data(Self.frame(Array("half".utf8)))
            stream.trailers(Self.trailers(9, "changed my mind"))
        case ("NoMessage", .end):
            stream.head(Self.head)
            stream.trailers(Self.trailers(0))
        case ("NoStatus", .end):
            stream.head(Self.head)
            stream.data(Self.frame(Array("m".utf8)))
            stream.trailers([("x-trailing", "t")])
        case ("NoTrailers", .end):
            stream.head(Self.head)
            stream.data(Self.frame(Array("m".utf8)), end: true)
        case ("Teapot", .end):
            stream.head([(":status", "429"), ("content-type", "text/plain")])
            stream.data(Array("slow down".utf8), end: true)
        case ("Page", .end):
            stream.head([(":status", "200"), ("content-type", "text/html")])
            stream.data(Array("<html>hello</html>".utf8), end: true)
        case ("Huge", .end):
            stream.head(Self.head)
            stream.data([0, 0x00, 0x50, 0x00, 0x00])
        case ("Compressed", .end):
            stream.head(Self.head)
            stream.data(Self.frame(Array("zip".utf8), flag: 1))
        case ("Torn", .end):
            stream.head(Self.head)
            stream.data([0, 0, 0, 0, 9, 1])
            stream.trailers(Self.trailers(0))
        case ("Reset", .end) where stream.request.reset == nil:
            stream.reset(.internalError)
        case ("Break", .end) where stream.request.reset == nil:
            stream.head(Self.head)
            stream.data(Self.frame(Array("m".utf8)))
            stream.reset(.internalError)
        case ("Drop", .end) where stream.request.reset == nil:
            stream.closeConnection()
        case ("Two", .head):
            stream.head(Self.head)
            stream.data(Self.frame(Array("one".utf8)) + Self.frame(Array("second".utf8)))
            stream.trailers(Self.trailers(0))
        case ("Echo", .head):
            stream.head(Self.head)
        case ("Echo", .data):
            let messages = stream.request.messages
            for message in messages[stream.seen...] { stream.data(Self.frame(message)) }
            stream.seen = messages.count
        case ("Echo", .end) where stream.request.reset == nil:
            stream.data(Self.frame(Array("bye".utf8)))
            stream.trailers(Self.trailers(0))
        default:
            // Silent: no answer, ever.
            break
        }
    }
}
