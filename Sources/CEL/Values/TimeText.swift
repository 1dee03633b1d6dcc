// Times as text: RFC 3339 for timestamps, Go's notation for durations, offsets for time zones.

/// Reads digits and marks from bytes.
struct TextCursor {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { self.position == self.bytes.count }
    var next: UInt8? { self.isAtEnd ? nil : self.bytes[self.position] }

    mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.position += 1
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard self.bytes.count - self.position >= count,
            self.bytes[self.position..<self.position + count].elementsEqual(
                UnsafeBufferPointer(start: text.utf8Start, count: count))
        else { return false }
        self.position += count
        return true
    }

    mutating func digit() -> Int64? {
        guard let byte = self.next, (0x30...0x39).contains(byte) else { return nil }
        self.position += 1
        return Int64(byte - 0x30)
    }

    /// Exactly `count` digits.
    mutating func number(digits count: Int) -> Int64? {
        var result: Int64 = 0
        for _ in 0..<count {
            guard let digit = self.digit() else { return nil }
            result = result * 10 + digit
        }
        return result
    }
}

extension Timestamp {
    /// RFC 3339, e.g. `2026-11-24T05:00:00.25+01:00`.
    init?(parsing bytes: [UInt8]) {
        var cursor = TextCursor(bytes)
        guard let year = cursor.number(digits: 4), cursor.take(UInt8(ascii: "-")),
            let month = cursor.number(digits: 2), (1...12).contains(month), cursor.take(UInt8(ascii: "-")),
            let day = cursor.number(digits: 2), (1...CivilDate.days(in: month, of: year)).contains(day),
            cursor.take(UInt8(ascii: "T")) || cursor.take(UInt8(ascii: "t")),
            let hour = cursor.number(digits: 2), hour < 24, cursor.take(UInt8(ascii: ":")),
            let minute = cursor.number(digits: 2), minute < 60, cursor.take(UInt8(ascii: ":")),
            let second = cursor.number(digits: 2), second < 60
        else { return nil }
        var nanoseconds: Int64 = 0
        if cursor.take(UInt8(ascii: ".")) {
            guard let first = cursor.digit() else { return nil }
            nanoseconds = first * 100_000_000
            var weight: Int64 = 10_000_000
            while let digit = cursor.digit() {
                nanoseconds += digit * weight
                weight /= 10
            }
        }
        var offset: Int64 = 0
        if !cursor.take(UInt8(ascii: "Z")), !cursor.take(UInt8(ascii: "z")) {
            guard let seconds = cursor.offset(requiresSign: true) else { return nil }
            offset = seconds
        }
        guard cursor.isAtEnd else { return nil }
        let days = CivilDate.dayNumber(year: year, month: month, day: day)
        self.init(
            seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset,
            nanoseconds: Int32(nanoseconds)
        )
    }

    package var text: String {
        let date = CivilDate(self)
        func padded(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let day = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
        let time = "\(padded(date.hour, 2)):\(padded(date.minute, 2)):\(padded(date.second, 2))"
        return "\(day)T\(time)\(Duration.fraction(Int64(self.nanoseconds)))Z"
    }
}

extension TextCursor {
    /// `+hh:mm`, `-hh:mm`: seconds east of UTC.
    mutating func offset(requiresSign: Bool) -> Int64? {
        let isWest = self.take(UInt8(ascii: "-"))
        if !isWest, !self.take(UInt8(ascii: "+")), requiresSign { return nil }
        guard let hours = self.number(digits: 2), hours < 24, self.take(UInt8(ascii: ":")),
            let minutes = self.number(digits: 2), minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return isWest ? -seconds : seconds
    }

    /// `UTC` or a fixed offset; names of places would need a database.
    static func timeZone(_ bytes: [UInt8]) -> Int64? {
        var cursor = TextCursor(bytes)
        if bytes.isEmpty || cursor.take("UTC") || cursor.take("Z") { return cursor.isAtEnd ? 0 : nil }
        guard let offset = cursor.offset(requiresSign: false), cursor.isAtEnd else { return nil }
        return offset
    }
}

extension Duration {
    /// Go's notation: `1h30m`, `-1.5s`, `250ms`, `0`.
    init?(parsing bytes: [UInt8]) {
        var cursor = TextCursor(bytes)
        let isNegative = cursor.take(UInt8(ascii: "-"))
        if !isNegative { _ = cursor.take(UInt8(ascii: "+")) }
        if cursor.take(UInt8(ascii: "0")), cursor.isAtEnd {
            self.init(nanoseconds: 0)
            return
        }
        cursor = TextCursor(bytes)
        _ = cursor.take(UInt8(ascii: "-")) || cursor.take(UInt8(ascii: "+"))
        // Summed up below zero, where there is room for one more.
        var total: Int64 = 0
        repeat {
            guard let part = Self.part(&cursor) else { return nil }
            let (sum, overflow) = total.subtractingReportingOverflow(part)
            if overflow { return nil }
            total = sum
        } while !cursor.isAtEnd
        if isNegative {
            self.init(nanoseconds: total)
        } else {
            guard total != .min else { return nil }
            self.init(nanoseconds: -total)
        }
    }

    private static func part(_ cursor: inout TextCursor) -> Int64? {
        var whole: Int64 = 0
        var seen = false
        while let digit = cursor.digit() {
            seen = true
            let (shifted, first) = whole.multipliedReportingOverflow(by: 10)
            let (sum, second) = shifted.addingReportingOverflow(digit)
            if first || second { return nil }
            whole = sum
        }
        // The fraction in 10^-18, later digits dropped.
        var fraction: Int64 = 0
        var weight: Int64 = 100_000_000_000_000_000
        if cursor.take(UInt8(ascii: ".")) {
            while let digit = cursor.digit() {
                seen = true
                fraction += digit * weight
                weight /= 10
            }
        }
        guard seen, let unit = Self.unit(&cursor) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        if overflow { return nil }
        let (sum, carry) = product.addingReportingOverflow(Self.scale(fraction, unit))
        return carry ? nil : sum
    }

    /// `fraction` × 10^-18 × `unit`.
    private static func scale(_ fraction: Int64, _ unit: Int64) -> Int64 {
        let product = fraction.multipliedFullWidth(by: unit)
        let divisor: Int64 = 1_000_000_000_000_000_000
        return divisor.dividingFullWidth((product.high, product.low)).quotient
    }

    private static func unit(_ cursor: inout TextCursor) -> Int64? {
        if cursor.take("ns") { return 1 }
        if cursor.take("us") || cursor.take("µs") || cursor.take("μs") { return 1000 }
        if cursor.take("ms") { return 1_000_000 }
        if cursor.take(UInt8(ascii: "s")) { return 1_000_000_000 }
        if cursor.take(UInt8(ascii: "m")) { return 60_000_000_000 }
        if cursor.take(UInt8(ascii: "h")) { return 3_600_000_000_000 }
        return nil
    }

    /// Seconds with a fraction: `90s`, `0.25s`.
    package var text: String {
        let magnitude = self.nanoseconds.magnitude
        let sign = self.nanoseconds < 0 ? "-" : ""
        return "\(sign)\(magnitude / 1_000_000_000)\(Self.fraction(Int64(magnitude % 1_000_000_000)))s"
    }

    /// `.25` of 250,000,000; nothing of 0.
    static func fraction(_ nanoseconds: Int64) -> String {
        guard nanoseconds > 0 else { return "" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }
}
