import Testing

@testable import MizzenCommands

struct StartupPagesTests {
    /// Only code that is mapped from a file, and so comes back from it, may be given back.
    @Test(arguments: [
        ("55d0-55f0 r-xp 00001000 08:01 42 /usr/bin/mizzen", 0x55d0..<0x55f0 as Range<UInt>?),
        ("7f00-7f10 r-xp 00000000 08:01 7                  /opt/a folder/libwasmtime.so", 0x7f00..<0x7f10),
        ("7f00-7f10 r--p 00000000 08:01 7 /opt/libwasmtime.so", nil),
        ("7f00-7f10 rw-p 00000000 08:01 7 /opt/libwasmtime.so", nil),
        ("7f00-7f10 rwxp 00000000 08:01 7 /opt/libwasmtime.so", nil),
        ("7f00-7f10 r-xs 00000000 08:01 7 /opt/libwasmtime.so", nil),
        ("7f00-7f10 r-xp 00000000 00:00 0 ", nil),
        ("7f00-7f10 r-xp 00000000 00:00 0 [vdso]", nil),
        ("7f00-7f10 r-xp 00000000 00:01 9 /memfd:code (deleted)", nil),
        ("7f10-7f00 r-xp 00000000 08:01 7 /a", nil),
        ("zz-7f00 r-xp 00000000 08:01 7 /a", nil),
        ("", nil),
    ])
    func onlyCodeFromFilesIsGivenBack(line: String, range: Range<UInt>?) {
        #expect(StartupPages.range(ofCode: Substring(line)) == range)
    }

    @Test func theProcessGoesOnWithoutThem() {
        StartupPages.release()
        #expect((1...1000).reduce(0, +) == 500_500)
    }
}
