import Foundation
import ProxyWasm
import Testing

@testable import Gateway

@Suite struct LogTests {
    /// What `body` wrote through a log.
    private func lines(level: LogLevel = .trace, _ body: (GatewayLog) -> Void) -> [String] {
        let pipe = Pipe()
        body(GatewayLog(level: level, descriptor: pipe.fileHandleForWriting.fileDescriptor))
        pipe.fileHandleForWriting.closeFile()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test func `a line is time, level, component, message`() throws {
        let line = try #require(self.lines { $0.log(.config, .info, "hello world") }.first)
        #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info config hello world/) != nil)
    }

    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00.000Z"),
        (951_782_399, 999_999_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400, 0, "2000-02-29T00:00:00.000Z"),
        (1_795_500_000, 123_000_000, "2026-11-24T06:00:00.123Z"),
        (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
        (-1, 0, "1969-12-31T23:59:59.000Z"),
    ])
    func `times are UTC with milliseconds`(seconds: Int64, nanoseconds: Int64, expected: String) {
        var bytes: [UInt8] = []
        LogLine.appendTimestamp(seconds: seconds, nanoseconds: nanoseconds, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test func `lines below a component's level are not written and not built`() {
        var built = 0
        let lines = self.lines(level: .warn) { log in
            log.setLevel(.wasm, .debug)
            func build() -> String {
                built += 1
                return "quiet"
            }
            log.log(.config, .info, build())
            log.log(.wasm, .debug, "heard")
            log.log(.config, .warn, "loud")
        }
        #expect(lines.count == 2)
        #expect(built == 0)
    }

    @Test func `levels of components do not disturb each other`() {
        let log = GatewayLog(level: .info)
        for (index, component) in GatewayLog.Component.allCases.enumerated() {
            log.setLevel(component, LogLevel.allCases[index % LogLevel.allCases.count])
        }
        for (index, component) in GatewayLog.Component.allCases.enumerated() {
            #expect(log.level(component) == LogLevel.allCases[index % LogLevel.allCases.count])
        }
    }

    @Test func `a plugin's line names the plugin`() throws {
        let line = try #require(
            self.lines { log in
                Array("on_log".utf8).withUnsafeBytes { log.pluginLine(.warn, plugin: "default.auth", bytes: $0) }
            }.first
        )
        #expect(line.hasSuffix(" warn wasm wasm log default.auth: on_log"))
    }

    @Test(
        arguments: [
            (Array("a\nb\r\tc".utf8), #"a\nb\r\tc"#),
            ([0x1B, 0x5B, 0x33, 0x31, 0x6D], #"\x1b[31m"#),
            (Array("grün 🚢".utf8), "grün 🚢"),
            ([0x61, 0xFF, 0xC3], #"a\xff\xc3"#),
            ([0xC0, 0xAF], #"\xc0\xaf"#),
            ([0xED, 0xA0, 0x80], #"\xed\xa0\x80"#),
            (Array("\u{202E}x\u{2028}\u{85}".utf8), #"\xe2\x80\xaex\xe2\x80\xa8\xc2\x85"#),
            (Array(#"{"a":"\n"}"#.utf8), #"{"a":"\n"}"#),
        ] as [([UInt8], String)])
    func `text of others cannot leave its line`(bytes: [UInt8], expected: String) {
        var line: [UInt8] = []
        bytes.withUnsafeBytes { LogLine.appendEscaped($0, limit: 1000, to: &line) }
        #expect(String(decoding: line, as: UTF8.self) == expected)
    }

    @Test func `long lines are cut and say so`() {
        for limit in 30...40 {
            for text in [String(repeating: "x", count: 100), String(repeating: "é", count: 100)] {
                var line = Array("prefix ".utf8)
                Array(text.utf8).withUnsafeBytes { LogLine.appendEscaped($0, limit: limit, to: &line) }
                #expect(line.count <= limit)
                #expect(String(decoding: line, as: UTF8.self).hasSuffix("…[cut]"))
            }
        }
    }

    @Test func `level specifications name levels and components`() throws {
        let log = GatewayLog()
        try LogLevelSpecification(parsing: "error,wasm:debug,misc:warning").apply(to: log)
        #expect(log.level(.wasm) == .debug)
        #expect(log.level(.misc) == .warn)
        #expect(log.level(.config) == .error)
    }

    @Test(arguments: ["", "loud", "wasm:", "nothing:debug", "wasm:debug:info", "debug,,info"])
    func `bad level specifications are refused`(text: String) {
        #expect(throws: LogLevelSpecification.Problem.self) { try LogLevelSpecification(parsing: text) }
    }
}
