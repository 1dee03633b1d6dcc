/// The access log's short response flags as Envoy's bits (`response.flags`).
enum ResponseFlags {
    // In the order of their bits.
    private static let names: [StaticString] = [
        "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC", "URX", "SI", "IH",
        "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR", "UDO",
    ]

    /// Comma-separated names, `-` for none.
    static func bits(_ flags: StaticString) -> Int {
        var bits = 0
        let bytes = UnsafeBufferPointer(start: flags.utf8Start, count: flags.utf8CodeUnitCount)
        for name in bytes.split(separator: UInt8(ascii: ",")) {
            for (bit, known) in Self.names.enumerated()
            where known.utf8CodeUnitCount == name.count
                && name.elementsEqual(UnsafeBufferPointer(start: known.utf8Start, count: known.utf8CodeUnitCount))
            {
                bits |= 1 << bit
            }
        }
        return bits
    }
}
