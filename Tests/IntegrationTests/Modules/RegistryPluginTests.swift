import Foundation
import ModuleFetch
import TestSupport
import Testing

/// The gateway with plugins out of a real registry.
@Suite("Plugins from a registry", .timeLimit(.minutes(3)))
struct RegistryPluginTests {
    private static func module(_ name: String = "headers") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: try Repository.plugin(name))))
    }

    /// A registry behind a relay, so that it can go down.
    private func withRegistry(
        wantsPassword: Bool = false, _ body: (TCPRelay, UpstreamServer) throws -> Void
    ) async throws {
        let registry = try await DockerRegistry.start(wantsPassword: wantsPassword)
        defer { registry.stop() }
        let relay = try TCPRelay(to: registry.port)
        defer { relay.stop() }
        let upstream = try UpstreamServer(script: { try $0.replyWithTarget() })
        defer { upstream.stop() }
        try body(relay, upstream)
    }

    private func configuration(_ upstream: UpstreamServer, _ plugins: String...) -> String {
        YAML.join([YAML.routeAll(to: upstream)] + plugins)
    }

    private func plugin(_ url: String, name: String = "probe", annotations: String = "", extra: [String] = []) -> String
    {
        var text = YAML.wasmPlugin(name, module: "MODULE", config: "{\"name\": \"\(name)\"}", extra: extra)
        text = text.replacingOccurrences(of: "file://MODULE", with: url)
        guard !annotations.isEmpty else { return text }
        return text.replacingOccurrences(
            of: "namespace: edge}", with: "namespace: edge, annotations: {\(annotations)}}")
    }

    /// Its own cache, so that nothing is there from other tests.
    private func freshCache(_ directory: TemporaryDirectory) -> [String] { ["--cache-dir", directory.path] }

    private func shown(_ gateway: MizzenProcess, _ name: String = "probe") throws -> [String: Any] {
        let page = try JSONSerialization.jsonObject(with: Data(try gateway.admin("/plugins").text.utf8))
        let plugins = (page as? [String: Any])?["plugins"] as? [[String: Any]] ?? []
        return plugins.first { $0["key"] as? String == "edge/\(name)" } ?? [:]
    }

    /// The plugins that have seen the response.
    private func plugins(_ response: RawHTTP.Response) -> [String] {
        response.head.fields.filter { $0.name == "x-plugin" }.map(\.value)
    }

    // MARK: Serving

    @Test("every layout serves", arguments: ImageLayout.allCases)
    func layouts(_ layout: ImageLayout) async throws {
        try await self.withRegistry { registry, upstream throws in
            let module = try Self.module()
            let digest = try Skopeo.push(module, to: "\(registry.host)/filters/headers:v1", layout: layout)
            let cache = try TemporaryDirectory()
            try MizzenProcess.run(
                self.configuration(upstream, self.plugin("oci://\(registry.host)/filters/headers:v1")),
                arguments: self.freshCache(cache)
            ) { gateway throws in
                #expect(try gateway.get("/a")["x-plugin"] == "probe")
                let status = try self.shown(gateway)
                #expect(status["state"] as? String == "serving")
                #expect(status["digest"] as? String == Digest.of(module).hex)
                #expect(status["source"] as? String == "oci://\(registry.host)/filters/headers:v1@\(digest)")
                try gateway.waitForLog(
                    "info fetch fetching image filters/headers from registry \(registry.host) with tag v1")
                try gateway.waitForLog(
                    "info fetch fetching image with plain text from \(registry.host)/filters/headers:v1")
                #expect(try gateway.metric("istio_agent_wasm_remote_fetch_count") == 1)
            }
        }
    }

    @Test func digestsAreTheManifestsOrTheModules() async throws {
        try await self.withRegistry { registry, upstream throws in
            let module = try Self.module()
            let image = "\(registry.host)/filters/headers"
            let digest = try Skopeo.push(module, to: "\(image):v1")
            let own = Digest.of(module)
            let wrong = Digest.of([1])
            let cache = try TemporaryDirectory()
            try MizzenProcess.run(
                self.configuration(
                    upstream, self.plugin("oci://\(image):v1", name: "a", extra: ["sha256: \(digest.hex)"]),
                    self.plugin("oci://\(image):v1", name: "b", extra: ["sha256: \(own.hex)"]),
                    self.plugin("\(image)@\(digest)", name: "c"),
                    self.plugin(
                        "oci://\(image):v1", name: "d", extra: ["sha256: \(wrong.hex)", "failStrategy: FAIL_OPEN"])
                ), arguments: self.freshCache(cache)
            ) { gateway throws in
                #expect(self.plugins(try gateway.get("/a")).sorted() == ["a", "b", "c"])
                let message = try self.shown(gateway, "d")["message"] as? String ?? ""
                for part in [wrong.hex, own.hex, digest.hex, "does not match"] { #expect(message.contains(part)) }
            }
        }
    }

    // MARK: Credentials

    @Test func aPrivateRegistryWantsThePullSecret() async throws {
        try await self.withRegistry(wantsPassword: true) { registry, upstream throws in
            let credentials = "\(DockerRegistry.username):\(DockerRegistry.password)"
            try Skopeo.push(try Self.module(), to: "\(registry.host)/private/headers:v1", credentials: credentials)
            func secret(_ credentials: String) -> String {
                let auth = Data(credentials.utf8).base64EncodedString()
                let json = "{\"auths\":{\"\(registry.host)\":{\"auth\":\"\(auth)\"}}}"
                return """
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: pull, namespace: edge}
                    type: kubernetes.io/dockerconfigjson
                    data: {.dockerconfigjson: \(Data(json.utf8).base64EncodedString())}
                    """
            }
            let pushed = registry.connections
            let plugin = self.plugin("oci://\(registry.host)/private/headers:v1", extra: ["imagePullSecret: pull"])
            let cache = try TemporaryDirectory()
            try MizzenProcess.run(
                self.configuration(upstream, plugin), arguments: self.freshCache(cache)
            ) { gateway throws in
                #expect(try gateway.get("/a").status == 503)
                #expect(
                    try (self.shown(gateway)["message"] as? String)?.contains("missing image pulling secret") == true)
                #expect(registry.connections == pushed, "without the secret nobody is asked")
                try gateway.reconfigure(
                    self.configuration(upstream, plugin, secret("\(DockerRegistry.username):wrong")))
                try poll(
                    "the wrong password is noticed",
                    isTrue: {
                        try (self.shown(gateway)["message"] as? String)?.contains("401") == true
                    })
                #expect(try gateway.get("/a").status == 503)
                try gateway.reconfigure(self.configuration(upstream, plugin, secret(credentials)))
                try poll("the plugin serves", isTrue: { try gateway.get("/a")["x-plugin"] == "probe" })
                #expect(gateway.logLines(with: DockerRegistry.password) == 0)
                for page in ["/config_dump", "/plugins"] {
                    #expect(try !gateway.admin(page).text.contains(DockerRegistry.password))
                }
            }
        }
    }

    // MARK: Signatures

    @Test func whatIsNotSignedIsNotLoaded() async throws {
        try await ModuleWorkshop.run { shop in
            let upstream = try UpstreamServer(script: { try $0.replyWithTarget() })
            defer { upstream.stop() }
            try shop.makeKey("right")
            try shop.makeKey("wrong")
            let module = try Repository.plugin("headers")
            let (signed, plain) = (shop.reference("signed:1"), shop.reference("plain:1"))
            #expect(try shop.mizzen("push", signed, module, "--sign-by-key", shop.path("right.pem")).exitCode == 0)
            #expect(try shop.mizzen("push", plain, module).exitCode == 0)
            func plugin(_ name: String, _ reference: String, key: String) throws -> String {
                let pem = try String(contentsOfFile: shop.path(key), encoding: .utf8)
                let lines = pem.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
                return self.plugin(
                    "oci://\(reference)", name: name,
                    extra: ["failStrategy: FAIL_OPEN", "verificationKey: |\n\(lines)"])
            }
            let cache = try TemporaryDirectory()
            try MizzenProcess.run(
                self.configuration(
                    upstream, try plugin("good", signed, key: "right.pub"),
                    try plugin("foreign", signed, key: "wrong.pub"), try plugin("unsigned", plain, key: "right.pub")),
                arguments: self.freshCache(cache)
            ) { gateway throws in
                #expect(self.plugins(try gateway.get("/a")) == ["good"])
                for name in ["foreign", "unsigned"] {
                    let status = try self.shown(gateway, name)
                    #expect(status["state"] as? String != "serving")
                    #expect((status["message"] as? String)?.contains("signed") == true)
                }
                try gateway.waitForLog("error fetch", "/plain@sha256:", "is not signed")
            }
        }
    }

    // MARK: Trouble

    @Test func aRegistryThatIsDownHoldsUpNobodyAndIsAskedAgain() async throws {
        try await self.withRegistry { registry, upstream throws in
            try Skopeo.push(try Self.module(), to: "\(registry.host)/filters/headers:v1")
            registry.set(.hang)
            let local = YAML.wasmPlugin(
                "local", module: try Repository.plugin("headers"), config: "{\"name\": \"local\"}")
            let url = "oci://\(registry.host)/filters/headers:v1"
            let cache = try TemporaryDirectory()
            try MizzenProcess.run(
                self.configuration(upstream, local, self.plugin(url, extra: ["failStrategy: FAIL_OPEN"])),
                arguments: self.freshCache(cache), waitsForReady: false
            ) { gateway throws in
                // Well before the fetch can have ended.
                try poll("the rest serves", isTrue: { (try? gateway.get("/a"))?["x-plugin"] == "local" })
                #expect(try self.shown(gateway)["state"] as? String == "fetching")
                let ready = try gateway.admin("/ready")
                #expect(ready.status == 503 && ready.text.contains("plugin edge/probe: fetching"))
                registry.set(.refuse)
                try poll("it has failed", isTrue: { try self.shown(gateway)["settled"] as? Bool == true })
                #expect(try gateway.admin("/ready").status == 200)
                #expect(try gateway.get("/b").status == 200)
                registry.set(.pass)
                try poll(
                    "it serves by itself",
                    isTrue: {
                        self.plugins(try gateway.get("/c")).contains("probe")
                    })
            }
        }
    }

    @Test func aRestartServesFromTheCacheWhileTheRegistryIsDown() async throws {
        try await self.withRegistry { registry, upstream throws in
            try Skopeo.push(try Self.module(), to: "\(registry.host)/filters/headers:v1")
            try Skopeo.push(try Self.module(), to: "\(registry.host)/filters/headers:latest")
            let configuration = self.configuration(
                upstream, self.plugin("oci://\(registry.host)/filters/headers:v1", name: "pinned"),
                self.plugin("oci://\(registry.host)/filters/headers", name: "newest"))
            let cache = try TemporaryDirectory()
            for isUp in [true, false] {
                registry.set(isUp ? .pass : .refuse)
                try MizzenProcess.run(configuration, arguments: self.freshCache(cache)) { gateway throws in
                    try poll(
                        "both serve",
                        isTrue: {
                            self.plugins(try gateway.get("/a")).sorted() == ["newest", "pinned"]
                        })
                    let message = try self.shown(gateway, "newest")["message"] as? String ?? ""
                    #expect(message.contains("from the cache") == !isUp)
                }
            }
        }
    }

    @Test func aTagThatMovesIsTakenUpWithoutLosingARequest() async throws {
        try await self.withRegistry { registry, upstream throws in
            let image = "\(registry.host)/filters/headers:edge"
            let module = try Self.module()
            try Skopeo.push(module, to: image)
            let cache = try TemporaryDirectory()
            let plugin = self.plugin("oci://\(image)", annotations: "mizzen.dev/refresh-interval: 1s")
            try MizzenProcess.run(
                self.configuration(upstream, plugin), arguments: self.freshCache(cache)
            ) { gateway throws in
                let next = Skopeo.variant(module, 2)
                try Skopeo.push(next, to: image)
                try poll(
                    "the new version serves",
                    isTrue: {
                        #expect(try gateway.get("/a")["x-plugin"] == "probe")
                        return try self.shown(gateway)["digest"] as? String == Digest.of(next).hex
                    })
                registry.set(.refuse)
                try poll(
                    "the registry's absence shows",
                    isTrue: {
                        try (self.shown(gateway)["message"] as? String)?.contains("from the cache") == true
                    })
                #expect(try gateway.get("/a")["x-plugin"] == "probe")
            }
        }
    }

    @Test func anUpdateThatCannotBeFetchedLeavesTheLastGoodVersion() async throws {
        try await self.withRegistry { registry, upstream throws in
            let image = "oci://\(registry.host)/filters/headers"
            try Skopeo.push(try Self.module(), to: "\(registry.host)/filters/headers:v1")
            let cache = try TemporaryDirectory()
            try MizzenProcess.run(
                self.configuration(upstream, self.plugin("\(image):v1")), arguments: self.freshCache(cache)
            ) { gateway throws in
                try gateway.reconfigure(self.configuration(upstream, self.plugin("\(image):v2")))
                try gateway.waitForLog("filters/headers:v2", "the last good version keeps serving")
                #expect(try gateway.get("/a")["x-plugin"] == "probe")
                #expect(try self.shown(gateway)["state"] as? String == "serving")
                try Skopeo.push(Skopeo.variant(try Self.module(), 2), to: "\(registry.host)/filters/headers:v2")
                try poll(
                    "the new one serves",
                    isTrue: {
                        try (self.shown(gateway)["source"] as? String)?.contains(":v2@") == true
                    })
            }
        }
    }

    @Test func aWebServerServesModulesToo() async throws {
        let module = try Self.module()
        let files = try UpstreamServer(script: { exchange in
            try exchange.request()
            switch exchange.target {
            case "/moved": try exchange.reply(302, headers: ["location: /headers.wasm"])
            case "/headers.wasm": try exchange.reply(bytes: module)
            default: try exchange.reply(body: "<html>no module</html>")
            }
        })
        defer { files.stop() }
        let upstream = try UpstreamServer(script: { try $0.replyWithTarget() })
        defer { upstream.stop() }
        let cache = try TemporaryDirectory()
        let base = "http://127.0.0.1:\(files.port)"
        try MizzenProcess.run(
            self.configuration(
                upstream, self.plugin("\(base)/headers.wasm", name: "plain"),
                self.plugin("\(base)/moved", name: "moved", extra: ["sha256: \(Digest.of(module).hex)"]),
                self.plugin("\(base)/page", name: "page", extra: ["failStrategy: FAIL_OPEN"])),
            arguments: self.freshCache(cache)
        ) { gateway throws in
            #expect(self.plugins(try gateway.get("/a")).sorted() == ["moved", "plain"])
            let message = try self.shown(gateway, "page")["message"] as? String ?? ""
            #expect(message.contains("/page") && message.contains("is invalid"), "\(message)")
        }
    }

    // MARK: Figures

    @Test func aHundredPluginsAreReadyWithOneDownloadPerDigest() async throws {
        try await self.withRegistry { registry, upstream throws in
            let module = try Self.module()
            for number in 0..<10 {
                try Skopeo.push(
                    Skopeo.variant(module, UInt8(number)), to: "\(registry.host)/filters/headers:v\(number)")
            }
            let plugins = (0..<100).map {
                self.plugin("oci://\(registry.host)/filters/headers:v\($0 % 10)", name: "p\($0)")
            }
            let cache = try TemporaryDirectory()
            let begin = ContinuousClock.now
            try MizzenProcess.run(
                YAML.join([YAML.routeAll(to: upstream)] + plugins),
                arguments: self.freshCache(cache) + ["--log-level", "fetch:debug"]
            ) { gateway throws in
                let seconds = (ContinuousClock.now - begin) / .seconds(1)
                #expect(seconds < 10)
                #expect(self.plugins(try gateway.get("/a")).count == 100)
                #expect(gateway.logLines(with: "downloading layer sha256:") == 10)
            }
        }
    }
}
