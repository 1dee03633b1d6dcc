@testable import Attributes
@testable import ProxyWasm

/// Property paths: the segments are the bytes, cut at each NUL. What is looked up with one has bytes or is told not to,
/// and an expression with the same names finds the same.
enum PropertyTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let path = PropertyPath(Array(bytes))
        var joined: [UInt8] = []
        for index in 0..<path.count {
            if index > 0 { joined.append(0) }
            joined.append(contentsOf: path.segment(index))
            expect(!path.segment(index).contains(0), "no segment holds a NUL")
            _ = path.matches(index, "request")
        }
        expect(!path.matches(path.count, "request"), "there is nothing behind the last segment")
        // One NUL at the end is the terminator of a C string.
        let plain = bytes.last == 0 ? bytes.dropLast() : bytes[...]
        expect(joined.elementsEqual(plain), "the segments are the path")
        Self.lookUp(path) { SampleStreams.getOfRoot($0, into: &$1) }
        for stream in 0..<SampleStreams.count {
            Self.lookUp(path) { SampleStreams.get($0, of: stream, into: &$1) }
        }
    }

    private static func lookUp(_ path: PropertyPath, _ get: @escaping AttributeExpression.Resolver) {
        var plain = AttributeBuffer()
        let status = get(path, &plain)
        expect([.ok, .notFound, .serializationFailure].contains(status), "\(status) is an answer")
        var grouped = AttributeBuffer()
        grouped.acceptsGroups = true
        let withGroups = get(path, &grouped)
        // A clock's answer changes.
        let isClock = path.count == 2 && path.matches(0, "request") && path.matches(1, "duration")
        if status == .ok {
            expect(withGroups == .ok && (isClock || plain.value == grouped.value), "a group hides nothing")
            var encoded: [UInt8] = []
            _ = AttributeEncoding.encode(plain.value, into: &encoded)
        }
        guard !isClock, let text = Self.expression(path), let expression = try? AttributeExpression(text.utf8) else {
            return
        }
        switch expression.evaluate(get) {
        case .failure:
            expect(withGroups != .ok, "\(text) finds it, too")
        case .success(let value):
            expect(withGroups == .ok, "\(text) finds nothing either")
            if case .structure = grouped.kind { return }
            if case .message = grouped.kind { return }
            expect(value == grouped.value, "\(text) is the same value")
        }
    }

    private static let roots = [
        "request", "response", "source", "destination", "connection", "upstream", "xds", "metadata", "filter_state",
        "connection_id", "cluster_name", "route_name", "pbytes", "pstring",
    ]

    /// `a['b']['c']`; nil: not with these names.
    private static func expression(_ path: PropertyPath) -> String? {
        guard path.count > 0, let root = Self.roots.first(where: { path.segment(0).elementsEqual($0.utf8) }) else {
            return nil
        }
        var text = root
        for index in 1..<path.count {
            guard path.segment(index).allSatisfy({ $0 < 0x80 }) else { return nil }
            let digits = Array("0123456789abcdef")
            let escaped = path.segment(index).map { "\\x\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }
            text += "['\(escaped.joined())']"
        }
        return text
    }
}
