import ProxyWasm

// The line of a stream.

extension AccessLogFormat {
    func write(_ stream: HTTPStream, durationNanoseconds: UInt64, into line: inout ByteScratch) {
        self.write(into: &line) { operation, field, line in
            Self.write(operation, stream, durationNanoseconds, &field, &line)
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
