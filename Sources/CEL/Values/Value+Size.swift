extension Value {
    /// Whether a result may be that large. What is in it several times counts as often: in memory it is there once, but
    /// not for those who write it down.
    func fits(_ limits: Limits) -> Bool {
        var values = limits.resultValues
        var bytes = limits.resultBytes
        return self.spend(&values, &bytes)
    }

    private func spend(_ values: inout Int, _ bytes: inout Int) -> Bool {
        values -= 1
        switch self {
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .type:
            break
        case .string(let text), .bytes(let text):
            bytes -= text.count
        case .list(let elements):
            for element in elements { guard element.spend(&values, &bytes) else { return false } }
        case .map(let map):
            for entry in map.entries {
                guard entry.key.spend(&values, &bytes), entry.value.spend(&values, &bytes) else { return false }
            }
        }
        return values >= 0 && bytes >= 0
    }
}
