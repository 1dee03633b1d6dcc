import ArgumentParser

/// A number of bytes on the command line: `268435456`, `256MiB`, `256Mi`, `256M`. All units are powers of 1024.
struct SizeArgument: ExpressibleByArgument, Sendable, Equatable {
    var bytes: UInt64

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let amount = UInt64(digits) else { return nil }
        let shift: UInt64
        switch argument.dropFirst(digits.count).lowercased() {
        case "", "b": shift = 0
        case "k", "ki", "kib", "kb": shift = 10
        case "m", "mi", "mib", "mb": shift = 20
        case "g", "gi", "gib", "gb": shift = 30
        default: return nil
        }
        let (bytes, overflow) = amount.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    init(bytes: UInt64) { self.bytes = bytes }

    var defaultValueDescription: String {
        self.bytes % (1 << 20) == 0 ? "\(self.bytes >> 20)MiB" : "\(self.bytes)"
    }
}
