internal import CWasmtime
internal import ProxyWasm

// What the engine says, made fit for one log line.

/// Longest message taken from the engine; it may quote names from the module.
private let maximumMessageBytes = 2000
private let maximumFrames = 20

extension String {
    /// Without the NUL that ends a trap's message.
    init(_ bytes: cwasmtime_bytes) {
        var bytes = UnsafeRawBufferPointer(start: bytes.data, count: bytes.size)
        if bytes.last == 0 { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropLast()) }
        self.init(decoding: bytes, as: UTF8.self)
    }
}

/// The error's message on one line. Frees the error.
func takeMessage(_ error: OpaquePointer) -> String {
    defer { cwasmtime_error_delete(error) }
    var text = cwasmtime_bytes()
    cwasmtime_error_message(error, &text)
    defer { cwasmtime_byte_vec_delete(&text) }
    return oneLine(String(text))
}

/// Message and backtrace of a failed call. Frees what it is given.
func takeReport(error: OpaquePointer?, trap: OpaquePointer?, kind: TrapReport.Kind, message: String?) -> TrapReport {
    var text = cwasmtime_bytes()
    var frames = cwasmtime_frames()
    if let error {
        cwasmtime_error_message(error, &text)
        cwasmtime_error_wasm_trace(error, &frames)
    } else if let trap {
        cwasmtime_trap_message(trap, &text)
        cwasmtime_trap_trace(trap, &frames)
    }
    let whole = String(text)
    let frameLines = BacktraceText.frames(in: whole)
    let report = TrapReport(
        kind: kind,
        message: message.map(singleLine) ?? oneLine(whole),
        backtrace: frameLines.isEmpty
            ? names(of: frames) : frameLines.prefix(maximumFrames).map { String(singleLine($0).prefix(400)) }
    )
    cwasmtime_byte_vec_delete(&text)
    cwasmtime_frame_vec_delete(&frames)
    if let error { cwasmtime_error_delete(error) }
    if let trap { cwasmtime_trap_delete(trap) }
    return report
}

private func names(of frames: cwasmtime_frames) -> [String] {
    (0..<min(frames.size, maximumFrames)).map { index in
        guard let frame = frames.data[index] else { return "?" }
        guard let name = cwasmtime_frame_func_name(frame), name.pointee.size > 0 else {
            return "func[\(cwasmtime_frame_func_index(frame))] at 0x"
                + String(cwasmtime_frame_module_offset(frame), radix: 16)
        }
        return String(singleLine(String(name.pointee)).prefix(200))
    }
}

/// The engine prints a context, a backtrace and a list of causes; people need the context without the
/// backtrace (they get that apart) and the causes.
func oneLine(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.drop(while: { $0 == " " || $0 == "\t" }) }
    let marker = lines.firstIndex { $0 == "Caused by:" }
    let isBacktrace = lines.first?.contains("wasm backtrace") ?? false
    var parts: [Substring] = []
    if let first = lines.first, !isBacktrace { parts.append(first) }
    if let marker {
        for line in lines[(marker + 1)...] {
            // Several causes are numbered.
            let digits = line.prefix(while: \.isNumber)
            let rest = line[digits.endIndex...]
            parts.append(!digits.isEmpty && rest.hasPrefix(": ") ? rest.dropFirst(2) : line)
        }
    }
    return singleLine(parts.isEmpty ? text : parts.joined(separator: ": "))
}

func singleLine(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }
    var line = String(String.UnicodeScalarView(scalars))
    if line.utf8.count > maximumMessageBytes {
        line = String(line.prefix(maximumMessageBytes)) + "…"
    }
    return line
}
