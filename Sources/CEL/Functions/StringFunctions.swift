extension Evaluator {
    mutating func callOnString(_ function: Function, _ text: [UInt8], _ arguments: [Value], _ position: Int)
        throws(EvaluationError) -> Value
    {
        try self.budget.look(text.count, at: position)
        switch function {
        case .lowerAscii:
            try self.budget.produce(bytes: text.count, at: position)
            return .string(text.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
        case .upperAscii:
            try self.budget.produce(bytes: text.count, at: position)
            return .string(text.map { (0x61...0x7A).contains($0) ? $0 & ~0x20 : $0 })
        case .trim:
            return .string(Self.trimmed(text))
        case .reverse:
            try self.budget.produce(bytes: text.count, at: position)
            return .string(Self.reversed(text))
        case .charAt, .substring:
            return try self.part(function, text, arguments, position)
        default:
            break
        }
        guard case .string(let other) = arguments[1] else {
            throw EvaluationError(.noOverload(function.name), at: position)
        }
        try self.budget.look(other.count, at: position)
        switch function {
        case .startsWith: return .bool(text.starts(with: other))
        case .endsWith: return .bool(text.count >= other.count && text.suffix(other.count).elementsEqual(other))
        case .contains: return .bool(TextSearch(other).first(in: text) != nil)
        case .matches: return .bool(try self.matches(text, pattern: other, position))
        case .indexOf: return .int(try self.indexOf(text, other, arguments, position))
        case .lastIndexOf: return .int(try self.lastIndexOf(text, other, arguments, position))
        case .replace: return try self.replace(text, other, arguments, position)
        case .split: return try self.split(text, other, arguments, position)
        default: throw EvaluationError(.noOverload(function.name), at: position)
        }
    }

    private static func trimmed(_ text: [UInt8]) -> [UInt8] {
        var start = 0
        var end = text.count
        while case let length = CodePoints.blank(text[start..<end]), length > 0 { start += length }
        trailing: while start < end {
            for length in 1...min(3, end - start) where CodePoints.blank(text[(end - length)..<end]) == length {
                end -= length
                continue trailing
            }
            break
        }
        return Array(text[start..<end])
    }

    private static func reversed(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var end = text.count
        while end > 0 {
            var start = end - 1
            while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
            result.append(contentsOf: text[start..<end])
            end = start
        }
        return result
    }

    private static func number(_ arguments: [Value], _ index: Int, _ function: Function, _ position: Int)
        throws(EvaluationError) -> Int64?
    {
        guard arguments.count > index else { return nil }
        guard case .int(let number) = arguments[index] else {
            throw EvaluationError(.noOverload(function.name), at: position)
        }
        return number
    }

    private mutating func part(_ function: Function, _ text: [UInt8], _ arguments: [Value], _ position: Int)
        throws(EvaluationError) -> Value
    {
        let first = try Self.number(arguments, 1, function, position) ?? 0
        guard let start = CodePoints.offset(of: first, in: text) else {
            throw EvaluationError(.indexOutOfRange, at: position)
        }
        var end = text.count
        if function == .charAt {
            end = start == text.count ? start : CodePoints.end(of: start, in: text)
        } else if let last = try Self.number(arguments, 2, function, position) {
            guard let offset = CodePoints.offset(of: last, in: text), last >= first else {
                throw EvaluationError(.indexOutOfRange, at: position)
            }
            end = offset
        }
        try self.budget.produce(bytes: end - start, at: position)
        return .string(Array(text[start..<end]))
    }

    private func indexOf(_ text: [UInt8], _ other: [UInt8], _ arguments: [Value], _ position: Int)
        throws(EvaluationError) -> Int64
    {
        let from = try Self.number(arguments, 2, .indexOf, position) ?? 0
        guard let start = CodePoints.offset(of: from, in: text) else {
            throw EvaluationError(.indexOutOfRange, at: position)
        }
        guard let found = TextSearch(other).first(in: text, from: start) else { return -1 }
        return Int64(CodePoints.count(Array(text[..<found])))
    }

    private func lastIndexOf(_ text: [UInt8], _ other: [UInt8], _ arguments: [Value], _ position: Int)
        throws(EvaluationError) -> Int64
    {
        let total = Int64(CodePoints.count(text))
        let limit = try Self.number(arguments, 2, .lastIndexOf, position) ?? total
        guard (0...total).contains(limit) else { throw EvaluationError(.indexOutOfRange, at: position) }
        // The last place is the first one of the reversed texts.
        let reversed: [UInt8] = text.reversed()
        let search = TextSearch(other.reversed())
        var from = 0
        while let found = search.first(in: reversed, from: from) {
            let start = text.count - found - other.count
            let index = Int64(CodePoints.count(Array(text[..<start])))
            if index <= limit { return index }
            // Skip to places that begin no later than the limit.
            let bound = CodePoints.offset(of: limit, in: text) ?? text.count
            from = max(found + 1, text.count - bound - other.count)
        }
        return -1
    }

    private mutating func replace(_ text: [UInt8], _ other: [UInt8], _ arguments: [Value], _ position: Int)
        throws(EvaluationError) -> Value
    {
        guard case .string(let replacement) = arguments[2] else {
            throw EvaluationError(.noOverload("replace()"), at: position)
        }
        let limit = try Self.number(arguments, 3, .replace, position) ?? -1
        var result: [UInt8] = []
        var produced = 0
        var count: Int64 = 0
        var start = 0
        let search = TextSearch(other)
        while limit < 0 || count < limit {
            // An empty text is found before every code point and at the end.
            let from =
                other.isEmpty && count > 0 ? (start < text.count ? CodePoints.end(of: start, in: text) : -1) : start
            guard from >= 0, let found = search.first(in: text, from: from) else { break }
            result.append(contentsOf: text[start..<found])
            result.append(contentsOf: replacement)
            try self.budget.produce(bytes: result.count - produced, at: position)
            produced = result.count
            start = found + other.count
            count += 1
        }
        result.append(contentsOf: text[start...])
        try self.budget.produce(bytes: result.count - produced, at: position)
        return .string(result)
    }

    private mutating func split(_ text: [UInt8], _ separator: [UInt8], _ arguments: [Value], _ position: Int)
        throws(EvaluationError) -> Value
    {
        let limit = try Self.number(arguments, 2, .split, position) ?? -1
        guard limit != 0 else { return .list([]) }
        var parts: [Value] = []
        var start = 0
        let search = TextSearch(separator)
        try self.budget.produce(bytes: text.count, at: position)
        while limit < 0 || Int64(parts.count) < limit - 1 {
            let end: Int
            if separator.isEmpty {
                guard start < text.count else { return .list(parts) }
                end = CodePoints.end(of: start, in: text)
                if end == text.count { break }
            } else {
                guard let found = search.first(in: text, from: start) else { break }
                end = found
            }
            try self.budget.produce(elements: 1, at: position)
            parts.append(.string(Array(text[start..<end])))
            start = end + separator.count
        }
        parts.append(.string(Array(text[start...])))
        return .list(parts)
    }

    mutating func join(_ arguments: [Value], _ position: Int) throws(EvaluationError) -> Value {
        guard case .list(let elements) = arguments[0] else {
            throw EvaluationError(.noOverload("join()"), at: position)
        }
        var separator: [UInt8] = []
        if arguments.count > 1 {
            guard case .string(let text) = arguments[1] else {
                throw EvaluationError(.noOverload("join()"), at: position)
            }
            separator = text
        }
        var result: [UInt8] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element else { throw EvaluationError(.noOverload("join()"), at: position) }
            try self.budget.produce(bytes: text.count + separator.count, at: position)
            if index > 0 { result.append(contentsOf: separator) }
            result.append(contentsOf: text)
        }
        return .string(result)
    }
}
