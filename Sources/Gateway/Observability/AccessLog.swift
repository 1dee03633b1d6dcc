import NIOCore
import ProxyWasm

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One line per request, in Istio's text format unless another one is configured, built in a reused buffer.
enum AccessLog {
    static func write(_ stream: HTTPStream, durationNanoseconds: UInt64) {
        guard let writer = stream.worker.accessLog else { return }
        var line = ByteScratch()
        swap(&line, &stream.worker.scratch)
        line.reset()
        if let format = stream.worker.options.accessLogFormat {
            format.write(stream, durationNanoseconds: durationNanoseconds, into: &line)
        } else {
            self.write(stream, durationNanoseconds, into: &line)
        }
        line.bytes.withUnsafeBytes { writer.write($0) }
        swap(&line, &stream.worker.scratch)
    }

    /// Istio's own format.
    private static func write(_ stream: HTTPStream, _ durationNanoseconds: UInt64, into line: inout ByteScratch) {
        let map = stream.requestHeaders
        line.byte(UInt8(ascii: "["))
        self.timestamp(stream.startWall, into: &line)
        line.write("] \"")
        self.value(map.first(":method"), into: &line)
        line.byte(0x20)
        if stream.originalPath.isEmpty {
            self.value(map.first(":path"), into: &line)
        } else {
            line.writeEscaped(stream.originalPath)
        }
        line.write(" ")
        line.write(stream.protocolName)
        line.write("\" ")
        line.decimal(UInt64(max(0, stream.status)))
        line.byte(0x20)
        line.write(stream.flags)
        line.byte(0x20)
        if stream.details.isEmpty { line.write("via_upstream") } else { line.writeEscaped(stream.details) }
        line.write(" - \"-\" ")
        line.decimal(stream.requestBytes)
        line.byte(0x20)
        line.decimal(stream.responseBytes)
        line.byte(0x20)
        line.decimal(durationNanoseconds / 1_000_000)
        line.byte(0x20)
        if stream.router.firstByteMonotonic > stream.router.startMonotonic {
            line.decimal((stream.router.firstByteMonotonic - stream.router.startMonotonic) / 1_000_000)
        } else {
            line.byte(UInt8(ascii: "-"))
        }
        line.write(" \"")
        self.value(map.first("x-forwarded-for"), into: &line)
        line.write("\" \"")
        self.value(map.first("user-agent"), into: &line)
        line.write("\" \"")
        self.value(map.first("x-request-id"), into: &line)
        line.write("\" \"")
        self.value(map.first(":authority"), into: &line)
        line.write("\" \"")
        if let endpoint = stream.router.endpoint {
            endpoint.addressBytes.withUnsafeBytes { line.writeEscaped($0) }
        } else {
            line.byte(UInt8(ascii: "-"))
        }
        line.write("\" ")
        if let cluster = stream.router.cluster {
            cluster.nameBytes.withUnsafeBytes { line.writeEscaped($0) }
        } else {
            line.byte(UInt8(ascii: "-"))
        }
        line.write(" - ")
        line.writeEscaped(stream.downstream.localAddressBytes)
        line.byte(0x20)
        line.writeEscaped(stream.downstream.remoteAddressBytes)
        line.write(" - ")
        if let route = stream.router.route { line.writeEscaped(route.name) } else { line.byte(UInt8(ascii: "-")) }
        line.byte(0x0A)
    }

    /// A line for bytes that were no request.
    static func writeRefused(_ connection: HTTP1ServerConnection, worker: Worker, fault: HTTP1Fault) {
        guard let writer = worker.accessLog else { return }
        var line = ByteScratch()
        if let format = worker.options.accessLogFormat {
            format.write(refused: connection, fault, into: &line)
            line.bytes.withUnsafeBytes { writer.write($0) }
            return
        }
        line.byte(UInt8(ascii: "["))
        self.timestamp(Clock.wall(), into: &line)
        line.write("] \"- - HTTP/1.1\" ")
        line.decimal(UInt64(fault.status))
        line.write(" DPE ")
        line.writeEscaped(Array(fault.rawValue.utf8))
        line.write(" - \"-\" 0 0 0 - \"-\" \"-\" \"-\" \"-\" \"-\" - - ")
        line.writeEscaped(connection.localAddressBytes)
        line.byte(0x20)
        line.writeEscaped(connection.remoteAddressBytes)
        line.write(" - -\n")
        line.bytes.withUnsafeBytes { writer.write($0) }
    }

    private static func value(_ bytes: UnsafeRawBufferPointer?, into line: inout ByteScratch) {
        if let bytes, bytes.count > 0 { line.writeEscaped(bytes) } else { line.byte(UInt8(ascii: "-")) }
    }

    /// `2026-11-24T05:00:00.123Z`
    static func timestamp(_ nanoseconds: UInt64, into line: inout ByteScratch) {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        line.decimal(UInt64(parts.tm_year + 1900), minimumDigits: 4)
        line.byte(UInt8(ascii: "-"))
        line.decimal(UInt64(parts.tm_mon + 1), minimumDigits: 2)
        line.byte(UInt8(ascii: "-"))
        line.decimal(UInt64(parts.tm_mday), minimumDigits: 2)
        line.byte(UInt8(ascii: "T"))
        line.decimal(UInt64(parts.tm_hour), minimumDigits: 2)
        line.byte(UInt8(ascii: ":"))
        line.decimal(UInt64(parts.tm_min), minimumDigits: 2)
        line.byte(UInt8(ascii: ":"))
        line.decimal(UInt64(parts.tm_sec), minimumDigits: 2)
        line.byte(UInt8(ascii: "."))
        line.decimal(nanoseconds % 1_000_000_000 / 1_000_000, minimumDigits: 3)
        line.byte(UInt8(ascii: "Z"))
    }
}
