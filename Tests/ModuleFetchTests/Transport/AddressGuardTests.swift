import Testing

@testable import ModuleFetch

struct AddressGuardTests {
    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "fe80::1", "febf::1", "100.100.100.200", "fd00:ec2::254", "0.0.0.0", "::",
        "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    ])
    func refusesMetadataAndLinkLocal(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(try !AddressGuard(FetchOptions()).allows(address))
    }

    @Test(arguments: [
        "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "8.8.8.8", "2001:db8::1", "100.100.100.201",
    ])
    func allowsTheRest(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(try AddressGuard(FetchOptions()).allows(address))
    }

    @Test func blockedAndAllowedNetworksCount() throws {
        var options = FetchOptions()
        options.blockedNetworks = ["10.0.0.0/8", "2001:db8::/32", "::ffff:192.0.2.0/120"]
        options.allowedNetworks = ["10.1.0.0/16", "169.254.7.7"]
        let addressGuard = try AddressGuard(options)
        for (text, isAllowed) in [
            ("10.0.0.1", false), ("10.1.2.3", true), ("2001:db8:1::", false), ("192.0.2.9", false), ("192.0.3.9", true),
            ("169.254.7.7", true), ("169.254.7.8", false), ("::ffff:10.0.0.1", false),
        ] {
            #expect(addressGuard.allows(try #require(IPAddress(text))) == isAllowed, "\(text)")
        }
    }

    @Test(arguments: ["10.0.0.0/33", "ten", "10.0.0.0/-1", "", "10.0.0.0/8/9", "::ffff:1.2.3.4/64"])
    func namesWrongNetworks(_ text: String) {
        var options = FetchOptions()
        options.blockedNetworks = [text]
        #expect { try AddressGuard(options) } throws: { ($0 as? ModuleFetchError)?.kind == .invalid }
    }

    @Test(arguments: [("127.1", "127.0.0.1"), ("0x7f000001", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("::1", "::1")])
    func readsAddressesAsTheSystemDoes(_ text: String, _ expected: String) {
        #expect(IPAddress(lenient: text)?.description == expected)
    }

    @Test func namesAreNoAddresses() {
        for text in ["localhost", "a.b", "", "fe80::1%eth0"] { #expect(IPAddress(lenient: text) == nil) }
    }
}
