import Gateway
import Testing

@testable import MizzenCommands

@Suite struct ArgumentTests {
    @Test(
        arguments: [
            ("30", 30, 30), ("30s", 30_000, 30), ("250ms", 250, 1), ("2m", 120_000, 120), ("0", 0, 0),
            ("86400s", 86_400_000, 86_400),
        ] as [(String, UInt64, UInt64)])
    func `durations have units`(text: String, milliseconds: UInt64, seconds: UInt64) throws {
        let duration = try #require(DurationArgument(argument: text))
        #expect(duration.milliseconds == milliseconds)
        #expect(duration.seconds == seconds)
    }

    @Test(arguments: ["", "s", "-1", "1h", "1.5s", "99999999999999999999", "1 s"])
    func `what is no duration is refused`(text: String) { #expect(DurationArgument(argument: text) == nil) }

    @Test(
        arguments: [
            ("1", 1), ("64KiB", 65_536), ("256M", 256 << 20), ("4Gi", 4 << 30),
        ] as [(String, UInt64)])
    func `sizes have units`(text: String, bytes: UInt64) { #expect(SizeArgument(argument: text)?.bytes == bytes) }

    @Test(arguments: ["", "M", "-1", "1T", "99999999999G", "1.5M"])
    func `what is no size is refused`(text: String) { #expect(SizeArgument(argument: text) == nil) }

    @Test(arguments: [
        ("127.0.0.1:15000", "127.0.0.1", 15000), ("[::1]:80", "::1", 80), (":9000", "127.0.0.1", 9000),
        ("9000", "127.0.0.1", 9000), ("localhost:0", "localhost", 0),
    ])
    func `addresses are HOST PORT`(text: String, host: String, port: Int) {
        #expect(HostPort(argument: text) == HostPort(host: host, port: port))
    }

    @Test(arguments: ["", "host", "host:", "host:70000", "::1:80", "[::1", "[::1]80", "a:b:c"])
    func `what is no address is refused`(text: String) { #expect(HostPort(argument: text) == nil) }
}
