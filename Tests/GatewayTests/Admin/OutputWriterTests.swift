import Foundation
import Testing

@testable import Gateway

@Suite struct OutputWriterTests {
    private func write(_ text: String, to writer: OutputWriter) {
        Array(text.utf8).withUnsafeBytes { writer.write($0) }
    }

    @Test func `what was written comes out, in order, at close`() {
        let pipe = Pipe()
        let writer = OutputWriter(
            descriptor: pipe.fileHandleForWriting.fileDescriptor, intervalMilliseconds: 60_000)
        for index in 0..<100 { self.write("line \(index)\n", to: writer) }
        writer.close()
        pipe.fileHandleForWriting.closeFile()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text == (0..<100).map { "line \($0)\n" }.joined())
        #expect(writer.droppedWrites == 0)
    }

    @Test func `output comes by itself after the interval`() {
        let pipe = Pipe()
        let writer = OutputWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, intervalMilliseconds: 10)
        self.write("hello\n", to: writer)
        #expect(String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "hello\n")
        writer.close()
    }

    @Test func `a reader that does not read costs lines, not time`() {
        let pipe = Pipe()
        let writer = OutputWriter(
            descriptor: pipe.fileHandleForWriting.fileDescriptor,
            capacity: 64 << 10,
            flushBytes: 4 << 10,
            intervalMilliseconds: 5
        )
        let line = String(repeating: "x", count: 1023) + "\n"
        for _ in 0..<2000 { self.write(line, to: writer) }
        #expect(writer.droppedWrites > 0)
        // Lines are dropped whole: everything that arrives is a line.
        let reading = Handover()
        let reader = Thread { reading.set(pipe.fileHandleForReading.readDataToEndOfFile()) }
        reader.start()
        writer.close(timeoutMilliseconds: 10_000)
        pipe.fileHandleForWriting.closeFile()
        let data = reading.wait()
        #expect(data.count % 1024 == 0)
        #expect(data.count / 1024 + Int(writer.droppedWrites) == 2000)
    }
}

/// Hands data from one thread to another.
private final class Handover: @unchecked Sendable {
    private let condition = NSCondition()
    private var data: Data?

    func set(_ data: Data) {
        self.condition.withLock {
            self.data = data
            self.condition.broadcast()
        }
    }

    func wait() -> Data {
        self.condition.withLock {
            while self.data == nil, self.condition.wait(until: Date(timeIntervalSinceNow: 20)) {}
            return self.data ?? Data()
        }
    }
}
