import ForeignFunctions
import NIOEmbedded
import ProxyWasm
import Testing

@testable import Gateway

@Suite("Access log of TCP connections")
struct TCPAccessLogTests {
    @Test(arguments: [
        ("%FILTER_STATE(wasm.k:PLAIN)% %FILTER_STATE(wasm.other:PLAIN)%", "value -"),
        ("%CEL(connection_id)% %CEL(filter_state['wasm.k'])% %CEL(request.path)%", "7 value -"),
        ("%PROTOCOL% %RESPONSE_CODE% %RESPONSE_FLAGS% %REQ(:PATH)%", "- 0 UF -"),
        ("%BYTES_RECEIVED% %BYTES_SENT% %CONNECTION_ID% %ROUTE_NAME%", "3 4 7 tcp.edge"),
        ("%CONNECTION_TERMINATION_DETAILS% %UPSTREAM_HOST% %UPSTREAM_REQUEST_ATTEMPT_COUNT%", "idle_timeout - 2"),
    ])
    func line(_ text: String, _ expected: String) throws {
        let format = try AccessLogFormat(text) { text in
            let expression = try AttributeExpression(text.utf8)
            return { resolver in try? expression.evaluate(resolver).get() }
        }
        let connection = ConnectionInfo(
            connectionID: 7, listenerName: "l", filterChainName: "c", channel: EmbeddedChannel(), security: nil)
        connection.bytesReceived = 3
        connection.bytesSent = 4
        connection.flags = "UF"
        connection.details = "idle_timeout"
        connection.route = Array("tcp.edge".utf8)
        connection.upstreamAttempts = 2
        let declaration = PropertyDeclaration(content: .string, span: .connection)
        #expect(connection.setProperty(Array("k".utf8), Array("value".utf8), as: declaration) == .ok)
        var line = ByteScratch()
        format.write(connection, node: NodeIdentity(), into: &line)
        #expect(String(decoding: line.bytes, as: UTF8.self) == expected + "\n")
    }
}
