import ProxyWasm

/// A connection that carries nothing out and remembers everything.
final class RecordingConnection: ConnectionHost {
    let transcript: Transcript
    var buffers: [BufferType: RecordingBody] = [:]

    init(_ transcript: Transcript) { self.transcript = transcript }

    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? { self.buffers[type] }

    func property(_ path: PropertyPath, into value: inout [UInt8]) -> Status {
        guard path.count == 2, path.matches(0, "source"), path.matches(1, "address") else { return .notFound }
        value.append(contentsOf: Array("10.0.0.1:5".utf8))
        return .ok
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8]) -> Status { .ok }
    func continueStream(_ type: StreamType) { self.transcript.add("host: continue \(type)") }
    func closeStream() { self.transcript.add("host: close") }
}
