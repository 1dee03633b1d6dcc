/// Pike's machine: threads in priority order, each with its captures. Leftmost match, first alternative wins.
struct CapturingMatcher {
    private let program: Program
    private let bytes: UnsafeRawBufferPointer
    private var marks: [Int]
    private var generation = 0

    private struct Thread {
        var index: UInt32
        var slots: [Int]
    }

    init(program: Program, bytes: UnsafeRawBufferPointer) {
        self.program = program
        self.bytes = bytes
        self.marks = Array(repeating: 0, count: program.instructions.count)
    }

    /// One scalar on, so that an empty match never cuts a character in half.
    static func nextPosition(_ bytes: UnsafeRawBufferPointer, after position: Int) -> Int {
        var next = position + 1
        while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }

    /// The slots of the first match at or after `start`; -1 for a group that took no part.
    mutating func firstMatch(from start: Int) -> [Int]? {
        var result: [Int]?
        var current: [Thread] = []
        var following: [Thread] = []
        var position = start
        while true {
            // A later start has the lowest priority of all, and none once there is a match.
            if result == nil {
                if current.isEmpty { self.generation += 1 }
                self.add(
                    UInt32(self.program.instructions.count - 1),
                    Array(repeating: -1, count: Program.slotCount),
                    at: position,
                    to: &current
                )
            }
            if current.isEmpty { return result }
            self.generation += 1
            following.removeAll(keepingCapacity: true)
            for thread in current {
                let instruction = self.program.instructions[Int(thread.index)]
                if instruction.code == .match {
                    result = thread.slots
                    break
                }
                guard position < self.bytes.count else { continue }
                let byte = self.bytes[position]
                let taken =
                    instruction.code == .range
                    ? byte >= instruction.low && byte <= instruction.high
                    : self.program.sets[Int(instruction.other)].contains(byte)
                if taken {
                    self.add(instruction.next, thread.slots, at: position + 1, to: &following)
                }
            }
            swap(&current, &following)
            guard position < self.bytes.count else { return result }
            position += 1
        }
    }

    private mutating func add(_ entry: UInt32, _ slots: [Int], at position: Int, to list: inout [Thread]) {
        var stack = [Thread(index: entry, slots: slots)]
        while let top = stack.popLast() {
            var slots = top.slots
            var index = top.index
            follow: while self.marks[Int(index)] != self.generation {
                self.marks[Int(index)] = self.generation
                let instruction = self.program.instructions[Int(index)]
                switch instruction.code {
                case .range, .set, .match:
                    list.append(Thread(index: index, slots: slots))
                    break follow
                case .split:
                    stack.append(Thread(index: instruction.other, slots: slots))
                    index = instruction.next
                case .save:
                    slots[Int(instruction.other)] = position
                    index = instruction.next
                case .jump:
                    index = instruction.next
                case .assert:
                    guard assertionHolds(instruction.low, self.bytes, position) else { break follow }
                    index = instruction.next
                }
            }
        }
    }
}

/// A parsed replacement text.
struct Substitution {
    private enum Piece {
        case bytes([UInt8])
        case group(Int)
    }
    private var pieces: [Piece] = []

    init(_ text: String) {
        var literal: [UInt8] = []
        var escaped = false
        for byte in text.utf8 {
            if escaped, (0x30...0x39).contains(byte) {
                if !literal.isEmpty { self.pieces.append(.bytes(literal)) }
                literal = []
                self.pieces.append(.group(Int(byte) - 0x30))
                escaped = false
            } else if escaped {
                literal.append(byte)
                escaped = false
            } else if byte == 0x5C {
                escaped = true
            } else {
                literal.append(byte)
            }
        }
        if !literal.isEmpty { self.pieces.append(.bytes(literal)) }
    }

    func append(to output: inout [UInt8], bytes: UnsafeRawBufferPointer, slots: [Int]) {
        for piece in self.pieces {
            switch piece {
            case .bytes(let literal):
                output.append(contentsOf: literal)
            case .group(let number):
                let start = slots[number * 2]
                let end = slots[number * 2 + 1]
                if start >= 0, end >= start { output.append(contentsOf: bytes[start..<end]) }
            }
        }
    }
}
