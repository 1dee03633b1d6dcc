import ProxyWasm

// The line of a stream. Values that are not there are a dash, and nothing a peer sends can break a line.

extension AccessLogFormat {
    func write(_ stream: HTTPStream, durationNanoseconds: UInt64, into line: inout ByteScratch) {
        for item in self.items {
            switch item {
            case .text(let bytes):
                bytes.withUnsafeBytes { line.write($0) }
            case .operation(let operation, let maximum):
                var field = LineField(maximumBytes: maximum)
                Self.write(operation, stream, durationNanoseconds, &field, &line)
                if !field.isWritten { line.byte(UInt8(ascii: "-")) }
            }
        }
    }

    /// One operator's place in the line.
    struct LineField {
        var maximumBytes: Int?
        /// There is a value.
        var isWritten = false

        mutating func bytes(_ bytes: UnsafeRawBufferPointer?, _ line: inout ByteScratch) {
            guard let bytes, !bytes.isEmpty else { return }
            self.isWritten = true
            line.writeEscaped(UnsafeRawBufferPointer(rebasing: bytes.prefix(self.maximumBytes ?? bytes.count)))
        }

        mutating func bytes(_ bytes: [UInt8], _ line: inout ByteScratch) {
            bytes.withUnsafeBytes { self.bytes($0, &line) }
        }

        mutating func text(_ text: String?, _ line: inout ByteScratch) {
            guard let text else { return }
            self.bytes(Array(text.utf8), &line)
        }

        mutating func text(_ text: StaticString, _ line: inout ByteScratch) {
            self.bytes(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), &line)
        }

        mutating func number(_ number: some BinaryInteger, _ line: inout ByteScratch) {
            self.isWritten = true
            if number < 0 { line.byte(UInt8(ascii: "-")) }
            line.decimal(UInt64(number.magnitude))
        }

        mutating func milliseconds(_ nanoseconds: UInt64, _ line: inout ByteScratch) {
            self.number(nanoseconds / 1_000_000, &line)
        }
    }

    private static func write(
        _ operation: AccessLogOperator,
        _ stream: HTTPStream,
        _ duration: UInt64,
        _ field: inout LineField,
        _ line: inout ByteScratch
    ) {
        switch operation {
        case .requestHeader(let name, let other):
            if name.elementsEqual("x-envoy-original-path".utf8), !stream.originalPath.isEmpty {
                return field.bytes(stream.originalPath, &line)
            }
            Self.header(stream.requestHeaders, name, other, &field, &line)
        case .responseHeader(let name, let other):
            if stream.responseStarted { Self.header(stream.responseHeaders, name, other, &field, &line) }
        case .responseTrailer(let name, let other):
            if let trailers = stream.responseTrailers { Self.header(trailers, name, other, &field, &line) }
        case .startTime(let format):
            field.isWritten = true
            format.write(stream.startWall, into: &line)
        case .filterState(let name):
            if let value = stream.filterState(name[...]) { Self.write(value, &field, &line) }
        case .expression(let expression):
            let value = expression { path, attribute in StreamAttributes.get(path, of: stream, into: &attribute) }
            if let value { Self.write(value, &field, &line) }
        case .field(let name):
            AccessLogFields.write(name, stream, duration, &field, &line)
        }
    }

    private static func header(
        _ map: HeaderMap,
        _ name: [UInt8],
        _ other: [UInt8]?,
        _ field: inout LineField,
        _ line: inout ByteScratch
    ) {
        for name in [name, other ?? []] where !name.isEmpty && !field.isWritten {
            name.withUnsafeBytes { name in
                if let index = map.firstIndex(of: name) { field.bytes(map.value(at: index), &line) }
            }
        }
    }

    static func write(_ value: AttributeValue, _ field: inout LineField, _ line: inout ByteScratch) {
        switch value {
        case .string(let bytes), .bytes(let bytes): field.bytes(bytes, &line)
        case .message(let message): field.bytes(message.serialized, &line)
        case .bool(let flag): field.text(flag ? "true" : "false" as StaticString, &line)
        case .int(let number): field.number(number, &line)
        case .uint(let number): field.number(number, &line)
        case .double(let number): field.text("\(number)", &line)
        case .duration(let nanoseconds):
            field.text("\(Double(nanoseconds) / 1_000_000_000)s", &line)
        case .timestamp(let nanoseconds):
            field.isWritten = true
            AccessLog.timestamp(UInt64(clamping: nanoseconds), into: &line)
        case .null, .list, .map: break
        }
    }
}
