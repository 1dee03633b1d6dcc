import ProxyWasm

@testable import Attributes
@testable import CEL

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An expression: it is wrong at a place inside it, or has a value, or an error, each time the same one, soon, and in
/// little memory; and so do the bytes that plugins get of it.
enum CELTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let begin = self.cpuNanoseconds()
        let source = Array(bytes)
        let expression: CEL.Expression
        do throws(SyntaxError) {
            expression = try CEL.Expression(source)
        } catch {
            expect((0...source.count).contains(error.position), "\(error.position) is in the source")
            return expect(error.line > 0 && error.column > 0, "lines and columns count from 1")
        }
        let first = Self.outcome(expression)
        switch (first, Self.outcome(expression)) {
        case (.success(let value), .success(let again)):
            expect(Self.encoded(AttributeValue(value)) == Self.encoded(AttributeValue(again)), "the same value again")
        case (.failure(let error), .failure(let again)):
            expect(error == again, "the same error again")
        default:
            expect(false, "a value is no error the next time")
        }
        if case .failure(let error) = first {
            expect((0...source.count).contains(error.position), "\(error.position) is in the source")
            expect(!error.description.isEmpty, "an error says why")
        }
        Self.attributes(source)
        // Three evaluations, with the sanitizer.
        expect(Self.cpuNanoseconds() - begin < 5_000_000_000, "soon")
    }

    private static let bindings = Bindings([
        "i": .int(7), "u": .uint(8), "d": .double(0.5), "s": .string("h\u{e9}llo"), "b": .bytes([0xFF, 0, 0x61]),
        "t": .timestamp(Timestamp(nanosecondsSinceEpoch: 1_700_000_000_123_456_789)), "broken": .string([0xC3, 0x28]),
        "l": .list([.int(1), .string("a"), .list([.null])]), "n": .null, "yes": .bool(true),
        "m": .map(MapValue(strings: [(Array("k".utf8), .int(1)), (Array("m".utf8), .list([.double(.nan)]))])),
    ])

    private static func outcome(_ expression: CEL.Expression) -> Result<Value, EvaluationError> {
        do throws(EvaluationError) {
            return .success(try expression.evaluate(Self.bindings))
        } catch {
            return .failure(error)
        }
    }

    /// Over a stream's attributes, as plugins and the access log evaluate it.
    private static func attributes(_ source: [UInt8]) {
        guard let expression = try? AttributeExpression(source) else {
            return expect(false, "an expression of one kind is one of the other")
        }
        let outcome = expression.evaluate { SampleStreams.get($0, of: SampleStreams.count - 1, into: &$1) }
        guard case .success(let value) = outcome, let encoded = Self.encoded(value) else { return }
        expect(encoded.count <= 8 << 20, "\(encoded.count) bytes are not too many")
    }

    /// Nil: it can't be.
    private static func encoded(_ value: AttributeValue) -> [UInt8]? {
        var bytes: [UInt8] = []
        return AttributeEncoding.encode(value, into: &bytes) ? bytes : nil
    }

    /// Of this process, which has one thread.
    private static func cpuNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
