/// One line per TCP connection, at its end, in the format that requests have, too: what only HTTP has is `-`.
enum TCPAccessLog {
    static func write(_ facts: ConnectionInfo, worker: Worker) {
        guard let writer = worker.accessLog else { return }
        var line = ByteScratch()
        if let format = worker.options.accessLogFormat {
            format.write(facts, node: worker.options.node, into: &line)
            line.bytes.withUnsafeBytes { writer.write($0) }
            return
        }
        line.byte(UInt8(ascii: "["))
        AccessLog.timestamp(facts.startWall, into: &line)
        line.write("] \"- - -\" 0 ")
        line.write(facts.flags)
        line.write(" - ")
        line.write(facts.details)
        line.write(" \"-\" ")
        line.decimal(facts.bytesReceived)
        line.byte(0x20)
        line.decimal(facts.bytesSent)
        line.byte(0x20)
        line.decimal((Clock.monotonic() &- facts.startMonotonic) / 1_000_000)
        line.write(" - \"-\" \"-\" \"-\" \"-\" \"")
        self.field(facts.endpoint?.addressBytes ?? [], &line)
        line.write("\" ")
        self.field(facts.cluster?.nameBytes ?? [], &line)
        line.byte(0x20)
        self.field(facts.upstreamLocalAddress, &line)
        line.byte(0x20)
        self.field(facts.addresses.localAddressBytes, &line)
        line.byte(0x20)
        self.field(facts.addresses.remoteAddressBytes, &line)
        line.byte(0x20)
        self.field(facts.security?.requestedServerName ?? [], &line)
        line.byte(0x20)
        self.field(facts.route, &line)
        line.byte(0x0A)
        line.bytes.withUnsafeBytes { writer.write($0) }
    }

    private static func field(_ bytes: [UInt8], _ line: inout ByteScratch) {
        if bytes.isEmpty { line.byte(UInt8(ascii: "-")) } else { line.writeEscaped(bytes) }
    }
}
