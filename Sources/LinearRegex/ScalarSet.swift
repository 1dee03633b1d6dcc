/// A set of Unicode scalars as sorted, disjoint, closed ranges.
struct ScalarSet {
    static let limit: UInt32 = 0x10FFFF

    private(set) var ranges: [ClosedRange<UInt32>] = []

    init() {}

    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = ranges
        self.normalise()
    }

    mutating func insert(_ range: ClosedRange<UInt32>) {
        self.ranges.append(range)
    }

    mutating func formUnion(_ other: ScalarSet) {
        self.ranges.append(contentsOf: other.ranges)
    }

    /// Sorts and merges. Call once after the last `insert`.
    mutating func normalise() {
        guard self.ranges.count > 1 else { return }
        self.ranges.sort { $0.lowerBound < $1.lowerBound }
        var merged: [ClosedRange<UInt32>] = []
        for range in self.ranges {
            if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    var inverted: ScalarSet {
        var result = ScalarSet()
        var next: UInt32 = 0
        for range in self.ranges {
            if range.lowerBound > next { result.ranges.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        if next <= ScalarSet.limit { result.ranges.append(next...ScalarSet.limit) }
        return result
    }

    /// Adds the other case of ASCII letters (and of single non-ASCII letters).
    mutating func foldCase() {
        for range in self.ranges {
            let upper = max(range.lowerBound, 0x41)...max(min(range.upperBound, 0x5A), max(range.lowerBound, 0x41))
            if range.overlaps(0x41...0x5A) {
                self.ranges.append((upper.lowerBound + 32)...(min(range.upperBound, 0x5A) + 32))
            }
            if range.overlaps(0x61...0x7A) {
                self.ranges.append((max(range.lowerBound, 0x61) - 32)...(min(range.upperBound, 0x7A) - 32))
            }
            if range.lowerBound >= 0x80, range.lowerBound == range.upperBound,
                let scalar = Unicode.Scalar(range.lowerBound)
            {
                for mapping in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
                    let scalars = Array(mapping.unicodeScalars)
                    if scalars.count == 1 { self.ranges.append(scalars[0].value...scalars[0].value) }
                }
            }
        }
        self.normalise()
    }

    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    /// RE2's `\s`: no vertical tab.
    static let space = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let any = ScalarSet([0...ScalarSet.limit])
    static let anyButNewline = ScalarSet([0...0x09, 0x0B...ScalarSet.limit])

    /// `[:name:]` classes.
    static func posix(_ name: String) -> ScalarSet? {
        switch name {
        case "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A])
        case "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A])
        case "ascii": ScalarSet([0...0x7F])
        case "blank": ScalarSet([0x09...0x09, 0x20...0x20])
        case "cntrl": ScalarSet([0...0x1F, 0x7F...0x7F])
        case "digit": .digits
        case "graph": ScalarSet([0x21...0x7E])
        case "lower": ScalarSet([0x61...0x7A])
        case "print": ScalarSet([0x20...0x7E])
        case "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E])
        case "space": ScalarSet([0x09...0x0D, 0x20...0x20])
        case "upper": ScalarSet([0x41...0x5A])
        case "word": .word
        case "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
        default: nil
        }
    }
}
