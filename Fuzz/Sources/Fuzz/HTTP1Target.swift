import NIOCore
import ProxyWasm

@testable import HTTP1

/// HTTP/1 messages: how the bytes are cut into reads changes nothing, and what we forward reads as what we read.
enum HTTP1Target {
    private static let limits = HTTP1Limits()

    /// The first byte says how the rest is cut.
    static func request(_ bytes: UnsafeRawBufferPointer) { Self.check(bytes, isRequest: true) }
    static func response(_ bytes: UnsafeRawBufferPointer) { Self.check(bytes, isRequest: false) }

    private static func check(_ bytes: UnsafeRawBufferPointer, isRequest: Bool) {
        guard let first = bytes.first else { return }
        let input = Array(bytes.dropFirst())
        let whole = Self.read(input, piece: input.count, isRequest)
        let pieces = Self.read(input, piece: Int(first % 16) + 1, isRequest)
        expect(whole == pieces, "a message is the same however it arrives: \(whole) or \(pieces)")
        guard let head = whole.head else { return }
        Self.forward(head, isRequest)
    }

    private struct Outcome: Equatable {
        var fault: String?
        var head: Head?
        var body: [UInt8] = []
        var ended = false
    }

    private struct Head: Equatable {
        var pairs: [[UInt8]]
        var framing: HTTP1Head.Framing
        var keepAlive: Bool
        var status: Int
    }

    private static func read(_ input: [UInt8], piece: Int, _ isRequest: Bool) -> Outcome {
        var outcome = Outcome()
        var scanner = HTTP1HeadScanner()
        var received: [UInt8] = []
        var decoder = HTTP1BodyDecoder(limits: Self.limits)
        var rest = ByteBuffer()
        var position = 0
        while position < input.count {
            let next = input[position..<min(position + piece, input.count)]
            position += next.count
            if outcome.head != nil {
                rest.writeBytes(next)
            } else {
                received.append(contentsOf: next)
                switch received.withUnsafeBytes({ scanner.scan($0, limit: Self.limits.headBytes) }) {
                case .incomplete: continue
                case .fault(let fault):
                    outcome.fault = fault.rawValue
                    return outcome
                case .complete(let count):
                    switch Self.parse(Array(received[..<count]), isRequest) {
                    case .failure(let fault):
                        outcome.fault = fault.rawValue
                        return outcome
                    case .success(let head):
                        outcome.head = head
                        decoder.start(head.framing)
                        rest.writeBytes(received[count...])
                    }
                }
            }
            if !Self.decode(&decoder, &rest, &outcome) { return outcome }
        }
        return outcome
    }

    /// False: nothing more is to be read.
    private static func decode(
        _ decoder: inout HTTP1BodyDecoder, _ rest: inout ByteBuffer, _ outcome: inout Outcome
    ) -> Bool {
        while true {
            switch decoder.next(&rest) {
            case .needMore: return !decoder.isDone
            case .data(let data): outcome.body.append(contentsOf: data.readableBytesView)
            case .lastData(let data):
                outcome.body.append(contentsOf: data.readableBytesView)
                outcome.ended = true
                return false
            case .end:
                outcome.ended = true
                return false
            case .fault(let fault):
                outcome.fault = fault.rawValue
                return false
            }
        }
    }

    private static func parse(_ bytes: [UInt8], _ isRequest: Bool) -> Result<Head, HTTP1Fault> {
        let map = HeaderMap()
        let result = bytes.withUnsafeBytes {
            isRequest
                ? HTTP1RequestParser(limits: Self.limits).parse($0, into: map)
                : HTTP1ResponseParser(limits: Self.limits).parse($0, into: map, requestWasHead: false)
        }
        return result.map {
            Head(pairs: Self.pairs(map), framing: $0.framing, keepAlive: $0.keepAlive, status: $0.status)
        }
    }

    private static func pairs(_ map: HeaderMap) -> [[UInt8]] {
        (0..<map.count).flatMap { [Array(map.name(at: $0)), Array(map.value(at: $0))] }
    }

    /// What goes out is one message with the same headers: nobody is smuggled in, nothing vanishes.
    private static func forward(_ head: Head, _ isRequest: Bool) {
        let map = HeaderMap()
        for index in stride(from: 0, to: head.pairs.count, by: 2) {
            head.pairs[index].withUnsafeBytes { name in
                head.pairs[index + 1].withUnsafeBytes { value in _ = map.append(name: name, value: value) }
            }
        }
        let framing: HTTP1OutgoingFraming =
            switch head.framing {
            case .none: .none
            case .length: .length
            case .chunked: .chunked
            case .untilClose: .untilClose
            }
        var buffer = ByteBuffer()
        if isRequest {
            HTTP1Serializer.writeRequestHead(map, framing: framing, into: &buffer)
        } else {
            HTTP1Serializer.writeResponseHead(
                map, status: head.status, framing: framing, connection: nil, into: &buffer)
        }
        let bytes = Array(buffer.readableBytesView)
        var scanner = HTTP1HeadScanner()
        guard case .complete(bytes.count) = bytes.withUnsafeBytes({ scanner.scan($0, limit: .max) }) else {
            return expect(false, "what we write is one head: \(String(decoding: bytes, as: UTF8.self))")
        }
        switch Self.parse(bytes, isRequest) {
        // Our own line for the host counts, too.
        case .failure(.tooManyHeaders): break
        case .failure(let fault):
            expect(false, "we read what we write: \(fault) in \(String(decoding: bytes, as: UTF8.self))")
        case .success(let again):
            expect(again.framing == head.framing, "the framing stays: \(head.framing), \(again.framing)")
            // The order of names may change where pseudo-headers move to the front; the values do not.
            expect(Self.sorted(again.pairs) == Self.sorted(head.pairs), "the headers stay: \(head.pairs)")
        }
    }

    private static func sorted(_ pairs: [[UInt8]]) -> [[UInt8]] {
        stride(from: 0, to: pairs.count, by: 2).map { pairs[$0] + [0] + pairs[$0 + 1] }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }
}
