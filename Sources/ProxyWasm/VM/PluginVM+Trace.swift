// Trace lines: every call between host and guest, in and out. Off but for the log level `trace`, which is looked
// at when a plugin starts, at each tick, and when the host says that it may have changed.

extension PluginVM {
    /// The host's log level may have changed.
    public func updateTracing() { self.isTracing = self.host.logLevel == .trace }

    /// The host calls the guest.
    @inline(never)
    func traceCallback(_ name: StaticString, count: Int) {
        self.trace("[host->vm] \(name)(\(self.text(of: self.slots, types: nil, count: count)))")
    }

    @inline(never)
    func traceCallbackEnd(_ name: StaticString, trapped: Bool) {
        self.trace("[host<-vm] \(name) \(trapped ? "trapped" : "return: \(self.slots[0].i32)")")
    }

    /// The guest calls the host.
    @inline(never)
    func traceHostcall(_ name: StaticString, _ values: Arguments, _ signature: String) {
        self.trace("[vm->host] \(name)(\(self.text(of: values, types: signature, count: signature.utf8.count)))")
    }

    @inline(never)
    func traceHostcallEnd(_ name: StaticString, _ result: UInt32) {
        self.trace("[vm<-host] \(name) return: \(result)")
    }

    private func trace(_ line: String) { self.log(.trace, self.currentPlugin, line) }

    /// Numbers as the guest passes them; `types` has an `I` for each 64-bit one.
    private func text(of values: UnsafeMutablePointer<RawValue>, types: String?, count: Int) -> String {
        let letters = types.map { Array($0.utf8) }
        return (0..<count).map { index in
            let isWide = letters.map { $0[index] == UInt8(ascii: "I") } ?? false
            return isWide ? "\(Int64(bitPattern: values[index].i64))" : "\(values[index].i32)"
        }.joined(separator: ", ")
    }
}
