import Testing

@testable import ModuleFetch

struct RealmGuardTests {
    private func check(_ realm: String, _ registry: String, isPlainAllowed: Bool = false) throws -> FetchURL {
        try RealmGuard.check(realm: realm, registry: FetchURL(registry), isPlainAllowed: isPlainAllowed)
    }

    @Test(arguments: [
        "https://localhost/token", "https://LOCALHOST:1/", "https://a.localhost/", "https://localhost./",
        "https://127.0.0.1/",
        "https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
        "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/", "https://[fd00::1]/",
        "https://169.254.169.254/",
        "https://[fe80::1]/", "https://0.0.0.0/", "https://metadata.google.internal/",
        "https://Metadata.Google.Internal./",
        "http://auth.example/token", "ftp://auth.example/", "file:///etc/passwd", "/token", "",
        "https://u:p@auth.example/",
    ])
    func aPublicRegistryCannotSendUsThere(_ realm: String) {
        #expect { try check(realm, "https://reg.example/v2/") } throws: { ($0 as? ModuleFetchError)?.kind == .refused }
    }

    @Test(arguments: ["https://auth.example/token?a=b", "https://172.32.0.1/", "https://8.8.8.8/"])
    func otherServersAreFine(_ realm: String) throws {
        #expect(try check(realm, "https://reg.example/v2/").text == realm)
    }

    @Test func aRegistryNearbyMayNameANeighbour() throws {
        _ = try check("https://127.0.0.1:1/t", "https://localhost:5000/v2/")
        _ = try check("https://10.0.0.2/t", "https://10.0.0.1:5000/v2/")
        _ = try check("http://localhost:1/t", "http://127.0.0.1:5000/v2/")
        #expect(throws: ModuleFetchError.self) { try check("https://metadata.google.internal/", "https://10.0.0.1/") }
    }

    @Test func plainHTTPNeedsLeave() throws {
        // The registry on this machine was never allowed to have a password sent into the network in the clear.
        #expect(throws: ModuleFetchError.self) { try check("http://auth.example/t", "http://localhost:5000/v2/") }
        #expect(throws: ModuleFetchError.self) { try check("http://localhost:1/t", "https://localhost:5000/v2/") }
        _ = try check("http://auth.example/t", "http://reg.example/v2/", isPlainAllowed: true)
    }
}
