import ProxyWasm

/// `declare_property` and `set_envoy_filter_state`.
enum PropertyFunctions {
    /// A message's fields: the first of kind text, the numbers as they come.
    private struct Fields {
        var texts: [Int: [UInt8]] = [:]
        var numbers: [Int: UInt64] = [:]

        init?(_ bytes: UnsafeRawBufferPointer) {
            var reader = ProtobufReader(bytes)
            while let field = reader.next() {
                switch field.content {
                case .bytes(let content): self.texts[field.number] = Array(content)
                case .varint(let number): self.numbers[field.number] = number
                case .fixed32, .fixed64: break
                }
            }
            if reader.isMalformed { return nil }
        }

        /// A number of an enumeration; nil: unknown.
        func value<E: RawRepresentable<UInt32>>(_ number: Int) -> E? {
            UInt32(exactly: self.numbers[number] ?? 0).flatMap { E(rawValue: $0) }
        }
    }

    /// `{1 name, 2 readonly, 3 type, 4 schema, 5 span}`: what properties of that name will be. The schema is for tools.
    static func declare(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8]) -> Status
    {
        guard let fields = Fields(argument), let name = fields.texts[1], !name.isEmpty,
            let content: PropertyDeclaration.Content = fields.value(3),
            let span: PropertyDeclaration.Span = fields.value(5), let plugin = caller.plugin
        else { return .badArgument }
        return plugin.declareProperty(
            name,
            PropertyDeclaration(isReadOnly: fields.numbers[2, default: 0] != 0, content: content, span: span)
        )
    }

    /// `{1 path, 2 value, 3 span}`: an object of the proxy's own.
    static func setFilterState(_ argument: UnsafeRawBufferPointer, _ caller: ForeignCaller, _ result: inout [UInt8])
        -> Status
    {
        guard let fields = Fields(argument), let span: PropertyDeclaration.Span = fields.value(3) else {
            return .badArgument
        }
        return caller.setFilterState(fields.texts[1] ?? [], fields.texts[2] ?? [], span: span)
    }
}
