import Testing

@testable import ModuleFetch

/// "Cryptography in NaCl", section 9 and 10: the example that runs through the paper.
@Suite("NaCl's secretbox")
struct SecretBoxTests {
    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static let key = bytes("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
    private static let nonce = bytes("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
    private static let message = bytes(
        """
        be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129
        6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde
        048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705
        """)
    private static let box = bytes(
        """
        f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186a
        c0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae
        90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74
        e355a5
        """)

    @Test func opens() {
        #expect(SecretBox.open(Self.box, key: Self.key, nonce: Self.nonce) == Self.message)
    }

    @Test func everyChangedByteIsNoticed() {
        for index in Self.box.indices {
            var box = Self.box
            box[index] ^= 1
            #expect(SecretBox.open(box, key: Self.key, nonce: Self.nonce) == nil)
        }
        for index in Self.nonce.indices {
            var nonce = Self.nonce
            nonce[index] ^= 0x80
            #expect(SecretBox.open(Self.box, key: Self.key, nonce: nonce) == nil)
        }
    }

    @Test func shortInputs() {
        #expect(SecretBox.open([], key: Self.key, nonce: Self.nonce) == nil)
        #expect(SecretBox.open(Array(Self.box.prefix(15)), key: Self.key, nonce: Self.nonce) == nil)
        #expect(SecretBox.open(Self.box, key: Array(Self.key.dropLast()), nonce: Self.nonce) == nil)
        #expect(SecretBox.open(Self.box, key: Self.key, nonce: Array(Self.nonce.dropLast())) == nil)
    }
}
