import ProxyWasm

/// A connection that carries nothing out and remembers everything.
final class RecordingConnection: ConnectionHost {
    let transcript: Transcript
    var buffers: [BufferType: RecordingBody] = [:]

    init(_ transcript: Transcript) { self.transcript = transcript }

    func bodyBuffer(_ type: BufferType) -> (any BodyBuffer)? { self.buffers[type] }

    func attribute(_ path: PropertyPath, into attribute: inout AttributeBuffer) -> Status {
        guard path.count == 2, path.matches(0, "source"), path.matches(1, "address") else { return .notFound }
        return attribute.setString("10.0.0.1:5")
    }

    func setProperty(_ path: [UInt8], _ value: [UInt8], as declaration: PropertyDeclaration) -> Status { .ok }
    func continueStream(_ type: StreamType) { self.transcript.add("host: continue \(type)") }
    func closeStream() { self.transcript.add("host: close") }
}
