// How a line is made of a format's items. Values that are not there are a dash, and nothing a peer sends can break a line.

extension AccessLogFormat {
    /// `write` has each operator in turn, and puts its value, if there is one, through the field into the line.
    func write(
        into line: inout ByteScratch,
        _ write: (_ operation: AccessLogOperator, _ field: inout LineField, _ line: inout ByteScratch) -> Void
    ) {
        for item in self.items {
            switch item {
            case .text(let bytes):
                bytes.withUnsafeBytes { line.write($0) }
            case .operation(let operation, let maximum):
                var field = LineField(maximumBytes: maximum)
                write(operation, &field, &line)
                if !field.isWritten { line.byte(UInt8(ascii: "-")) }
            }
        }
    }

    /// One operator's place in the line.
    struct LineField {
        var maximumBytes: Int?
        /// There is a value.
        var isWritten = false

        mutating func bytes(_ bytes: UnsafeRawBufferPointer?, _ line: inout ByteScratch) {
            guard let bytes, !bytes.isEmpty else { return }
            self.isWritten = true
            line.writeEscaped(UnsafeRawBufferPointer(rebasing: bytes.prefix(self.maximumBytes ?? bytes.count)))
        }

        mutating func bytes(_ bytes: [UInt8], _ line: inout ByteScratch) {
            bytes.withUnsafeBytes { self.bytes($0, &line) }
        }

        mutating func text(_ text: String?, _ line: inout ByteScratch) {
            guard let text else { return }
            self.bytes(Array(text.utf8), &line)
        }

        mutating func text(_ text: StaticString, _ line: inout ByteScratch) {
            self.bytes(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), &line)
        }

        mutating func number(_ number: some BinaryInteger, _ line: inout ByteScratch) {
            self.isWritten = true
            if number < 0 { line.byte(UInt8(ascii: "-")) }
            line.decimal(UInt64(number.magnitude))
        }

        mutating func milliseconds(_ nanoseconds: UInt64, _ line: inout ByteScratch) {
            self.number(nanoseconds / 1_000_000, &line)
        }
    }
}
