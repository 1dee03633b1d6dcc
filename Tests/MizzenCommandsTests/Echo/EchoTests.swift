import Foundation
import Gateway
import NIOCore
import NIOHTTP1
import Testing

@testable import MizzenCommands

@Suite struct EchoTests {
    private func echo(_ body: [UInt8], headers: HTTPHeaders = [:]) throws -> [String: Any] {
        let head = HTTPRequestHead(version: .http1_1, method: .PUT, uri: "/a?b=%20", headers: headers)
        let response = EchoServer.response(to: SmallHTTPRequest(head: head, body: ByteBuffer(bytes: body)))
        let json = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
        return try #require(json as? [String: Any])
    }

    @Test func `the request comes back as JSON`() throws {
        let document = try self.echo(Array("hi \"there\"\n".utf8), headers: ["X-A": "1", "x-b": "2", "x-a": "3"])
        #expect(document["method"] as? String == "PUT")
        #expect(document["path"] as? String == "/a?b=%20")
        #expect(document["version"] as? String == "HTTP/1.1")
        #expect(document["body"] as? String == "hi \"there\"\n")
        #expect(document["bodyBytes"] as? Int == 11)
        #expect((document["headers"] as? [String: [String]]) == ["x-a": ["1", "3"], "x-b": ["2"]])
        #expect((document["rawHeaders"] as? [[String]]) == [["X-A", "1"], ["x-b", "2"], ["x-a", "3"]])
    }

    @Test(
        arguments: [[0xFF], [0x00, 0x01], [0xFF, 0xFE, 0xFD, 0xFC, 0xFB], Array(repeating: 0x80, count: 1000)]
            as [[UInt8]])
    func `a body that is no text comes as base64`(body: [UInt8]) throws {
        let document = try self.echo(body)
        #expect(document["bodyEncoding"] as? String == "base64")
        #expect(document["body"] as? String == Data(body).base64EncodedString())
    }
}
