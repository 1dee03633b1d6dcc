import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import ProxyWasm

// Between the server's types and the library's.

extension HeaderMap {
    convenience init(_ head: HTTPRequest) {
        self.init()
        self.append(name: ":method", value: head.method.rawValue)
        self.append(name: ":scheme", value: head.scheme ?? "http")
        self.append(name: ":authority", value: head.authority ?? "")
        self.append(name: ":path", value: head.path ?? "/")
        self.append(head.headerFields)
    }

    convenience init(_ head: HTTPResponse) {
        self.init()
        self.append(name: ":status", value: "\(head.status.code)")
        self.append(head.headerFields)
    }

    convenience init(status: Int, _ headers: HTTPHeaders) {
        self.init()
        self.append(name: ":status", value: "\(status)")
        for (name, value) in headers { self.append(name: name, value: value) }
    }

    private func append(_ fields: HTTPFields) {
        for field in fields {
            var name = field.name.canonicalName
            name.withUTF8 { name in
                field.withUnsafeBytesOfValue { value in
                    _ = self.append(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value))
                }
            }
        }
    }

    func write(to head: inout HTTPRequest) {
        head.method = self[":method"].flatMap { HTTPRequest.Method($0) } ?? head.method
        head.scheme = self[":scheme"]
        head.authority = self[":authority"]
        head.path = self[":path"]
        head.headerFields = self.fields
    }

    func write(to head: inout HTTPResponse) {
        if let code = self[":status"].flatMap({ Int($0) }), (200...599).contains(code) {
            head.status = .init(code: code)
        }
        head.headerFields = self.fields
    }

    /// Without the pseudo-headers.
    private var fields: HTTPFields {
        var fields = HTTPFields()
        for index in 0..<self.count {
            guard let name = HTTPField.Name(String(decoding: self.name(at: index), as: UTF8.self)) else { continue }
            fields.append(HTTPField(name: name, value: self.value(at: index)))
        }
        return fields
    }
}

extension HTTPFields {
    mutating func setLength(_ count: Int) {
        self[.transferEncoding] = nil
        self[.contentLength] = "\(count)"
    }
}

extension Request {
    /// No body follows. HTTP/1 says so in the headers; an HTTP/2 request without a length may have an empty body.
    var endsWithHeaders: Bool {
        if let length = self.headers[.contentLength] { return length == "0" }
        return !self.headers.contains(.transferEncoding)
    }
}

extension Response {
    init(_ answer: LocalResponse) {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            guard let name = HTTPField.Name(String(decoding: name, as: UTF8.self)) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        if !answer.body.isEmpty, !fields.contains(.contentType) { fields[.contentType] = "text/plain" }
        self.init(
            status: HTTPResponse.Status(code: Int(answer.statusCode)),
            headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
