/// Amounts within bounds. The bounds are told in the unit that the file is written in.
extension Field {
    /// A Go duration in seconds.
    package func seconds(_ range: ClosedRange<Double>) -> Double? {
        guard let text = self.string(maximum: 64) else { return nil }
        guard let nanoseconds = GoDuration.nanoseconds(text), nanoseconds >= 0 else {
            self.error("invalid duration \"\(text)\"; write e.g. \"1.5s\" or \"24h\"")
            return nil
        }
        let seconds = Double(nanoseconds) / 1e9
        guard range.contains(seconds) else {
            let (least, most) = (GoDuration.text(seconds: range.lowerBound), GoDuration.text(seconds: range.upperBound))
            self.error("must be between \(least) and \(most), not \(text)")
            return nil
        }
        return seconds
    }

    /// A number of bytes, bare or with a unit.
    package func bytes(_ range: ClosedRange<UInt64>) -> UInt64? {
        let text: String
        switch self.node.scalar {
        case .integer(let value): text = "\(value)"
        case .string(let value): text = value
        default:
            self.error("must be a size, e.g. \"256MiB\", not \(self.node.kindName)")
            return nil
        }
        guard let bytes = ByteQuantity.bytes(text) else {
            self.error("invalid size \"\(text.prefix(64))\"; write e.g. \"256MiB\"")
            return nil
        }
        guard range.contains(bytes) else {
            let (least, most) = (ByteQuantity.text(range.lowerBound), ByteQuantity.text(range.upperBound))
            self.error("must be between \(least) and \(most), not \(text)")
            return nil
        }
        return bytes
    }
}

extension GoDuration {
    /// In the largest unit that leaves no fraction: `24h`, `30s`, `100ms`.
    package static func text(seconds: Double) -> String {
        let milliseconds = Int((seconds * 1000).rounded())
        for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        where milliseconds != 0 && milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }
}

extension ByteQuantity {
    /// In the largest unit that leaves no fraction: `4GiB`, `1KiB`, `7B`.
    package static func text(_ bytes: UInt64) -> String {
        for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] as [(String, UInt64)]
        where bytes != 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return "\(bytes)B"
    }
}
