/// A module's DWARF, which is as large as its author's tools made it and is read whole at each trap.
enum DebugSections {
    /// 16 MiB take some 60 ms of a trap; more is left out.
    static let maximumBytes = 16 << 20

    /// The module without its `.debug_…` sections if they are larger than `maximum` together; nil: it is fine as it is,
    /// or not a module that can be read this far.
    static func stripped(_ module: [UInt8], maximum: Int = Self.maximumBytes) -> [UInt8]? {
        var debug: [Range<Int>] = []
        var total = 0
        var position = 8
        while position < module.count {
            let start = position
            let isCustom = module[position] == 0
            position += 1
            guard let size = Self.number(module, &position), size <= module.count - position else { return nil }
            let end = position + size
            if isCustom, let count = Self.number(module, &position), count <= end - position,
                module[position..<position + count].starts(with: ".debug_".utf8)
            {
                debug.append(start..<end)
                total += end - start
            }
            position = end
        }
        guard total > maximum else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(module.count - total)
        var next = 0
        for range in debug {
            result += module[next..<range.lowerBound]
            next = range.upperBound
        }
        return result + module[next...]
    }

    /// LEB128, 32 bits.
    private static func number(_ bytes: [UInt8], _ position: inout Int) -> Int? {
        var value = 0
        var shift = 0
        while position < bytes.count, shift < 35 {
            let byte = bytes[position]
            position += 1
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
