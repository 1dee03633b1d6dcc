#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How a time is written: nothing for `2026-11-24T05:00:00.123Z`, or conversions as of `strftime`, with `%3f` for
/// milliseconds (`%1f` to `%9f`; `%f` is `%9f`) and `%s` for seconds since the epoch. UTC.
struct AccessLogTimeFormat: Sendable {
    /// A conversion that is none.
    struct Unknown: Error {
        var conversion: String
    }

    private enum Part: Sendable {
        case text([UInt8])
        /// A conversion's letter.
        case conversion(UInt8)
        /// Digits of the fraction.
        case fraction(Int)
    }

    private var parts: [Part] = []

    init(_ format: [UInt8]) throws(Unknown) {
        var text: [UInt8] = []
        var index = 0
        func part(_ part: Part) {
            if !text.isEmpty { self.parts.append(.text(text)) }
            text = []
            self.parts.append(part)
        }
        while index < format.count {
            let byte = format[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                text.append(byte)
                continue
            }
            guard index < format.count else { throw Unknown(conversion: "%") }
            let letter = format[index]
            index += 1
            switch letter {
            case UInt8(ascii: "%"):
                text.append(letter)
            case UInt8(ascii: "f"):
                part(.fraction(9))
            case 0x31...0x39:
                guard index < format.count, format[index] == UInt8(ascii: "f") else {
                    throw Unknown(conversion: String(decoding: [UInt8(ascii: "%"), letter], as: UTF8.self))
                }
                index += 1
                part(.fraction(Int(letter - 0x30)))
            case let letter where "YymdeHMSsjFTzZb".utf8.contains(letter):
                part(.conversion(letter))
            default:
                throw Unknown(conversion: String(decoding: [UInt8(ascii: "%"), letter], as: UTF8.self))
            }
        }
        if !text.isEmpty { self.parts.append(.text(text)) }
    }

    func write(_ nanoseconds: UInt64, into line: inout ByteScratch) {
        guard !self.parts.isEmpty else { return AccessLog.timestamp(nanoseconds, into: &line) }
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var time = tm()
        gmtime_r(&seconds, &time)
        for part in self.parts {
            switch part {
            case .text(let bytes):
                bytes.withUnsafeBytes { line.write($0) }
            case .fraction(let digits):
                var fraction = nanoseconds % 1_000_000_000
                for _ in digits..<9 { fraction /= 10 }
                line.decimal(fraction, minimumDigits: digits)
            case .conversion(let letter):
                Self.write(letter, time, nanoseconds / 1_000_000_000, into: &line)
            }
        }
    }

    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func write(_ letter: UInt8, _ time: tm, _ seconds: UInt64, into line: inout ByteScratch) {
        func two(_ number: Int32) { line.decimal(UInt64(number), minimumDigits: 2) }
        switch letter {
        case UInt8(ascii: "Y"): line.decimal(UInt64(time.tm_year + 1900), minimumDigits: 4)
        case UInt8(ascii: "y"): two(time.tm_year % 100)
        case UInt8(ascii: "m"): two(time.tm_mon + 1)
        case UInt8(ascii: "b"): line.write(Self.months[Int(time.tm_mon)])
        case UInt8(ascii: "d"): two(time.tm_mday)
        case UInt8(ascii: "e"):
            if time.tm_mday < 10 { line.byte(0x20) }
            line.decimal(UInt64(time.tm_mday))
        case UInt8(ascii: "H"): two(time.tm_hour)
        case UInt8(ascii: "M"): two(time.tm_min)
        case UInt8(ascii: "S"): two(time.tm_sec)
        case UInt8(ascii: "j"): line.decimal(UInt64(time.tm_yday + 1), minimumDigits: 3)
        case UInt8(ascii: "s"): line.decimal(seconds)
        case UInt8(ascii: "z"): line.write("+0000")
        case UInt8(ascii: "Z"): line.write("UTC")
        case UInt8(ascii: "F"):
            Self.write(UInt8(ascii: "Y"), time, seconds, into: &line)
            line.byte(UInt8(ascii: "-"))
            two(time.tm_mon + 1)
            line.byte(UInt8(ascii: "-"))
            two(time.tm_mday)
        default:
            two(time.tm_hour)
            line.byte(UInt8(ascii: ":"))
            two(time.tm_min)
            line.byte(UInt8(ascii: ":"))
            two(time.tm_sec)
        }
    }
}
