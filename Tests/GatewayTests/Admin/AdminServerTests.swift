import Foundation
import NIOCore
import Testing

@testable import Gateway

#if canImport(Glibc)
import Glibc
#endif

@Suite struct AdminServerTests {
    /// Sends bytes and gives back everything until the server closes.
    private func exchange(_ port: Int, _ request: String) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
        let bytes = Array(request.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { break }
            answer += buffer[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func withServer(_ body: (Int) throws -> Void) async throws {
        let source = AdminRoutesTests.source()
        let server = AdminServer(address: HostPort(host: "127.0.0.1", port: 0), source: source, log: source.log)
        try await server.start()
        let port = try #require(server.localAddress?.port)
        let result = Result { try body(port) }
        await server.stop()
        try result.get()
    }

    @Test func `requests on one connection are answered in order`() async throws {
        try await self.withServer { port in
            let answer = try self.exchange(
                port,
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + "HEAD /ready HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + "GET /nope HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            let statuses = answer.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.output.1) }
            #expect(statuses == ["200", "200", "404"])
        }
    }

    @Test(arguments: ["Content-Length: 1000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n20000\r\n"])
    func `large bodies are refused`(framing: String) async throws {
        try await self.withServer { port in
            let body = String(repeating: "x", count: 0x20000)
            let answer = try self.exchange(port, "POST /logging HTTP/1.1\r\nHost: localhost\r\n" + framing + body)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 413"))
        }
    }

    @Test func `malformed requests close the connection`() async throws {
        try await self.withServer { port in
            let answer = try self.exchange(port, "this is not HTTP\r\n\r\n")
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"))
        }
    }
}
