/// Syntax to instructions (Thompson's construction), emitted back to front: each piece is told where to go
/// afterwards, so nothing needs patching except loops.
struct RegexCompiler {
    private var program = Program()
    /// Also counts pieces that emit nothing, so that nested counts of an empty group end, too.
    private var work = 0

    static func compile(_ pattern: String) throws(LinearRegexError) -> Program {
        var parser = try RegexParser(pattern)
        let syntax = try parser.parse()
        var compiler = RegexCompiler()
        let match = try compiler.emit(Instruction(code: .match))
        let end = try compiler.emit(Instruction(code: .save, next: match, other: 1))
        let body = try compiler.emit(syntax, next: end)
        // The entry is the last instruction.
        _ = try compiler.emit(Instruction(code: .save, next: body, other: 0))
        compiler.program.prefix = RegexCompiler.literalPrefix(of: compiler.program)
        return compiler.program
    }

    private mutating func emit(_ instruction: Instruction) throws(LinearRegexError) -> UInt32 {
        guard self.program.instructions.count < Program.maximumInstructions else { throw RegexCompiler.tooLarge }
        self.program.instructions.append(instruction)
        return UInt32(self.program.instructions.count - 1)
    }

    private static var tooLarge: LinearRegexError {
        LinearRegexError(
            position: 0,
            reason:
                "the pattern needs more than \(Program.maximumInstructions) instructions; use smaller repetition counts"
        )
    }

    private mutating func emit(_ syntax: RegexSyntax, next: UInt32) throws(LinearRegexError) -> UInt32 {
        self.work += 1
        guard self.work < Program.maximumInstructions * 10 else { throw RegexCompiler.tooLarge }
        switch syntax {
        case .empty:
            return next
        case .anyByte:
            return try self.emit(Instruction(code: .range, low: 0, high: 0xFF, next: next))
        case .scalars(let set):
            return try self.emit(set, next: next)
        case .assertion(let assertion):
            return try self.emit(Instruction(code: .assert, low: assertion.rawValue, next: next))
        case .sequence(let items):
            var target = next
            for item in items.reversed() { target = try self.emit(item, next: target) }
            return target
        case .alternation(let branches):
            var targets: [UInt32] = []
            for branch in branches { targets.append(try self.emit(branch, next: next)) }
            return try self.chain(targets)
        case .group(let number, let body):
            guard number * 2 + 1 < Program.slotCount else { return try self.emit(body, next: next) }
            let end = try self.emit(Instruction(code: .save, next: next, other: UInt32(number * 2 + 1)))
            let start = try self.emit(body, next: end)
            return try self.emit(Instruction(code: .save, next: start, other: UInt32(number * 2)))
        case .repetition(let body, let minimum, let maximum, let lazy):
            return try self.emitRepetition(body, minimum, maximum, lazy, next: next)
        }
    }

    private mutating func emitRepetition(
        _ body: RegexSyntax,
        _ minimum: Int,
        _ maximum: Int?,
        _ lazy: Bool,
        next: UInt32
    ) throws(LinearRegexError) -> UInt32 {
        var target = next
        if let maximum {
            // a{2,4} is aa(?:a(?:a)?)?
            for _ in 0..<(maximum - minimum) {
                let inner = try self.emit(body, next: target)
                target = try self.split(inner, next, lazy: lazy)
            }
        } else {
            let loop = try self.emit(Instruction(code: .split))
            let inner = try self.emit(body, next: loop)
            self.program.instructions[Int(loop)].next = lazy ? next : inner
            self.program.instructions[Int(loop)].other = lazy ? inner : next
            target = loop
            // a+ enters through the body, not through the loop's split.
            if minimum == 1 { return inner }
        }
        for _ in 0..<minimum { target = try self.emit(body, next: target) }
        return target
    }

    private mutating func split(_ body: UInt32, _ exit: UInt32, lazy: Bool) throws(LinearRegexError) -> UInt32 {
        try self.emit(Instruction(code: .split, next: lazy ? exit : body, other: lazy ? body : exit))
    }

    private mutating func chain(_ targets: [UInt32]) throws(LinearRegexError) -> UInt32 {
        guard var target = targets.last else {
            // No way on: a set that nothing is in.
            self.program.sets.append(ByteSet())
            return try self.emit(Instruction(code: .set, other: UInt32(self.program.sets.count - 1)))
        }
        for other in targets.dropLast().reversed() {
            target = try self.emit(Instruction(code: .split, next: other, other: target))
        }
        return target
    }

    private mutating func emit(_ set: ScalarSet, next: UInt32) throws(LinearRegexError) -> UInt32 {
        var targets: [UInt32] = []
        var ascii: [ClosedRange<UInt8>] = []
        var sequences: [[ClosedRange<UInt8>]] = []
        for range in set.ranges {
            if range.lowerBound < 0x80 {
                ascii.append(UInt8(range.lowerBound)...UInt8(min(range.upperBound, 0x7F)))
            }
            if range.upperBound >= 0x80 {
                UTF8Ranges.append(max(range.lowerBound, 0x80), range.upperBound, to: &sequences)
            }
        }
        if ascii.count == 1 {
            targets.append(
                try self.emit(
                    Instruction(code: .range, low: ascii[0].lowerBound, high: ascii[0].upperBound, next: next)
                )
            )
        } else if !ascii.isEmpty {
            var bytes = ByteSet()
            for range in ascii { bytes.insert(range) }
            targets.append(try self.emit(Instruction(code: .set, next: next, other: self.index(of: bytes))))
        }
        guard !sequences.isEmpty else { return try self.chain(targets) }
        var wide: [UInt32] = []
        for sequence in sequences {
            var target = next
            for range in sequence.reversed() {
                target = try self.emit(
                    Instruction(code: .range, low: range.lowerBound, high: range.upperBound, next: target)
                )
            }
            wide.append(target)
        }
        let paths = try self.chain(wide)
        if targets.isEmpty, wide.count == 1 { return paths }
        targets.append(try self.emit(Instruction(code: .assert, low: Assertion.nonASCII.rawValue, next: paths)))
        return try self.chain(targets)
    }

    private mutating func index(of set: ByteSet) -> UInt32 {
        if let index = self.program.sets.lastIndex(of: set) { return UInt32(index) }
        self.program.sets.append(set)
        return UInt32(self.program.sets.count - 1)
    }

    private static func literalPrefix(of program: Program) -> [UInt8] {
        var result: [UInt8] = []
        var index = program.instructions.count - 1
        while result.count < 256 {
            let instruction = program.instructions[index]
            switch instruction.code {
            case .save, .jump:
                index = Int(instruction.next)
            case .assert where instruction.low == Assertion.textStart.rawValue && result.isEmpty:
                index = Int(instruction.next)
            case .range where instruction.low == instruction.high:
                result.append(instruction.low)
                index = Int(instruction.next)
            default:
                return result
            }
        }
        return result
    }
}
