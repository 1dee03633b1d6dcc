/// Runs all threads in lockstep; no order, no captures: only whether one of them ends at the last byte.
struct WholeMatcher {
    private let instructions: UnsafeBufferPointer<Instruction>
    private let sets: UnsafeBufferPointer<ByteSet>
    private let bytes: UnsafeRawBufferPointer
    private var current: UnsafeMutableBufferPointer<UInt32>
    private var following: UnsafeMutableBufferPointer<UInt32>
    private let stack: UnsafeMutableBufferPointer<UInt32>
    /// The step an instruction was last added at, plus 1.
    private let marks: UnsafeMutableBufferPointer<UInt32>
    private var count = 0
    private var matched = false

    init(
        instructions: UnsafeBufferPointer<Instruction>,
        sets: UnsafeBufferPointer<ByteSet>,
        bytes: UnsafeRawBufferPointer,
        scratch: UnsafeMutableBufferPointer<UInt32>
    ) {
        let size = instructions.count
        self.instructions = instructions
        self.sets = sets
        self.bytes = bytes
        self.current = UnsafeMutableBufferPointer(rebasing: scratch[0..<size])
        self.following = UnsafeMutableBufferPointer(rebasing: scratch[size..<(size * 2)])
        self.stack = UnsafeMutableBufferPointer(rebasing: scratch[(size * 2)..<(size * 3)])
        self.marks = UnsafeMutableBufferPointer(rebasing: scratch[(size * 3)..<(size * 4)])
    }

    mutating func run() -> Bool {
        self.add(UInt32(self.instructions.count - 1), at: 0)
        swap(&self.current, &self.following)
        for position in 0..<self.bytes.count {
            let byte = self.bytes[position]
            let threads = self.count
            guard threads > 0 else { return false }
            self.count = 0
            self.matched = false
            for index in 0..<threads {
                let instruction = self.instructions[Int(self.current[index])]
                let taken =
                    instruction.code == .range
                    ? byte >= instruction.low && byte <= instruction.high
                    : self.sets[Int(instruction.other)].contains(byte)
                if taken { self.add(instruction.next, at: position + 1) }
            }
            swap(&self.current, &self.following)
        }
        return self.matched
    }

    /// Follows everything that consumes nothing. Marked when pushed, so the stack never holds more than all.
    private mutating func add(_ entry: UInt32, at position: Int) {
        let mark = UInt32(truncatingIfNeeded: position &+ 1)
        var depth = 0
        @inline(__always) func push(_ target: UInt32) {
            guard self.marks[Int(target)] != mark else { return }
            self.marks[Int(target)] = mark
            self.stack[depth] = target
            depth += 1
        }
        push(entry)
        while depth > 0 {
            depth -= 1
            let index = self.stack[depth]
            let instruction = self.instructions[Int(index)]
            switch instruction.code {
            case .range, .set:
                self.following[self.count] = index
                self.count += 1
            case .split:
                push(instruction.other)
                push(instruction.next)
            case .save, .jump:
                push(instruction.next)
            case .assert:
                if assertionHolds(instruction.low, self.bytes, position) { push(instruction.next) }
            case .match:
                if position == self.bytes.count { self.matched = true }
            }
        }
    }
}
