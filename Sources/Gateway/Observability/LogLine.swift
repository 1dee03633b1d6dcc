/// The parts of a log line that need care: the time, and text that others chose.
enum LogLine {
    /// `2026-11-24T05:00:00.123Z`, from nanoseconds since the Unix epoch.
    static func timestamp(nanoseconds: UInt64) -> String {
        var line: [UInt8] = []
        let seconds = Int64(nanoseconds / 1_000_000_000)
        self.appendTimestamp(seconds: seconds, nanoseconds: Int64(nanoseconds % 1_000_000_000), to: &line)
        return String(decoding: line, as: UTF8.self)
    }

    /// `2026-11-24T05:00:00.123Z`.
    static func appendTimestamp(seconds: Int64, nanoseconds: Int64, to line: inout [UInt8]) {
        let date = civilDate(daysSinceEpoch: floorDivide(seconds, 86_400))
        let second = seconds - floorDivide(seconds, 86_400) * 86_400
        appendNumber(date.year, width: 4, to: &line)
        line.append(UInt8(ascii: "-"))
        appendNumber(date.month, width: 2, to: &line)
        line.append(UInt8(ascii: "-"))
        appendNumber(date.day, width: 2, to: &line)
        line.append(UInt8(ascii: "T"))
        appendNumber(second / 3600, width: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        appendNumber(second / 60 % 60, width: 2, to: &line)
        line.append(UInt8(ascii: ":"))
        appendNumber(second % 60, width: 2, to: &line)
        line.append(UInt8(ascii: "."))
        appendNumber(nanoseconds / 1_000_000, width: 3, to: &line)
        line.append(UInt8(ascii: "Z"))
    }

    /// Appends text so that it cannot end the line, move the cursor or change colours: control characters become
    /// `\n`, `\t`, `\r` or `\xNN`, bytes that are not UTF-8 become `\xNN`. Stops before `line` would get longer than
    /// `limit` and says so.
    ///
    /// Backslashes stay as they are: lines carry JSON far more often than someone needs to undo the escaping.
    static func appendEscaped(_ bytes: UnsafeRawBufferPointer, limit: Int, to line: inout [UInt8]) {
        let mark: StaticString = "…[cut]"
        let room = limit - mark.utf8CodeUnitCount
        var index = 0
        while index < bytes.count {
            let length = sequenceLength(bytes, at: index)
            let needed = length == 0 ? 4 : length
            guard line.count + needed <= (index + max(length, 1) == bytes.count ? limit : room) else {
                mark.withUTF8Buffer { line.append(contentsOf: $0) }
                return
            }
            if length > 1 {
                line.append(contentsOf: bytes[index..<(index + length)])
                index += length
                continue
            }
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\n"): line.append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case UInt8(ascii: "\r"): line.append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case UInt8(ascii: "\t"): line.append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0x20..<0x7F: line.append(byte)
            default:
                line.append(contentsOf: [0x5C, UInt8(ascii: "x"), hexDigit(byte >> 4), hexDigit(byte & 0xF)])
            }
            index += 1
        }
    }

    /// Bytes of the printable UTF-8 sequence at `index`; 0 when what stands there has to be escaped.
    private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        let first = bytes[index]
        let length: Int
        var scalar: UInt32
        switch first {
        case 0x20..<0x7F: return 1
        case 0xC2..<0xE0: (length, scalar) = (2, UInt32(first & 0x1F))
        case 0xE0..<0xF0: (length, scalar) = (3, UInt32(first & 0x0F))
        case 0xF0..<0xF5: (length, scalar) = (4, UInt32(first & 0x07))
        default: return 0
        }
        guard index + length <= bytes.count else { return 0 }
        for offset in 1..<length {
            let next = bytes[index + offset]
            guard next & 0xC0 == 0x80 else { return 0 }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        // Overlong forms and surrogates are no UTF-8; C1 controls, line separators and direction overrides can
        // make one line look like another.
        switch (length, scalar) {
        case (3, ..<0x800), (4, ..<0x1_0000), (4, 0x11_0000...), (_, 0xD800...0xDFFF): return 0
        case (_, 0x80..<0xA0), (_, 0x2028...0x202E), (_, 0x2066...0x2069): return 0
        default: return length
        }
    }

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func appendNumber(_ number: Int64, width: Int, to line: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// Proleptic Gregorian date of a day number, with years that begin in March so that leap days come last.
    private static func civilDate(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, day)
    }
}
