import ProxyWasm
import Testing

@testable import Gateway

@Suite("Plugins that take their time")
struct PluginLoaderTests {
    private let modules = ScriptedModules()
    private let loader: PluginLoader

    init() {
        self.loader = PluginLoader(
            loading: PluginLoading(
                options: GatewayOptions(workers: 1), modules: self.modules, log: GatewayLog(level: .critical)),
            backoff: LoadBackoff(baseSeconds: 0.01, maximumSeconds: 0.02)
        )
    }

    private func plugin(
        _ name: String = "a", url: String, configuration: String = ""
    ) -> PluginConfiguration {
        ScriptedModules.plugin(name, url: url, configuration: configuration)
    }

    private func digest(_ name: String = "a") async -> String? {
        await self.loader.status()["test/\(name)"]?.snapshot.provided?.digest
    }

    /// Polls with a deadline, a generous one: other tests hold the threads that tasks share for long.
    private func until(_ what: String, _ condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(150)
        while await !condition() {
            try #require(ContinuousClock.now < deadline, "not in time: \(what)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test func aConfigurationWaitsForWhatIsAtHandAndForNothingElse() async throws {
        let gate = ScriptedModules.Gate()
        self.modules.answer("at-hand", .version("1"))
        self.modules.answer("far", .held(version: "2", until: gate))
        let first = await self.loader.load([self.plugin("near", url: "at-hand"), self.plugin("far", url: "far")])
        #expect(first.map { $0.provided?.digest } == ["1", nil])
        let waiting = try #require(await self.loader.status()["test/far"])
        #expect(!waiting.isSettled && waiting.snapshot.message.isEmpty)
        try await self.until("it is being fetched") { await self.loader.status()["test/far"]?.stage == .fetching }
        gate.open()
        var changes = self.loader.changes.makeAsyncIterator()
        _ = await changes.next()
        #expect(await self.digest("far") == "2")
        #expect(await self.loader.status()["test/far"]?.isSettled == true)
    }

    @Test func whatFailsIsTriedAgainForEver() async throws {
        self.modules.answer("far", .failure("503"))
        _ = await self.loader.load([self.plugin(url: "far")])
        try await self.until("several attempts") { self.modules.asked.count >= 5 }
        let failing = try #require(await self.loader.status()["test/a"])
        #expect(failing.isSettled && failing.failures >= 4 && failing.snapshot.message.contains("503"))
        self.modules.answer("far", .version("1"))
        try await self.until("it has come") { await self.digest() == "1" }
        let asked = self.modules.asked.count
        #expect(await self.loader.status()["test/a"]?.nextAttemptSeconds == nil)
        #expect(self.modules.asked.count == asked)
    }

    @Test func theLastGoodVersionServesWhileTheNextFails() async throws {
        self.modules.answer("one", .version("1"))
        _ = await self.loader.load([self.plugin(url: "one")])
        try await self.until("the first serves") { await self.digest() == "1" }
        self.modules.answer("two", .failure("503"))
        _ = await self.loader.load([self.plugin(url: "two")])
        try await self.until("the second has failed") { await self.loader.status()["test/a"]?.failures ?? 0 >= 2 }
        let kept = try #require(await self.loader.status()["test/a"]?.snapshot)
        #expect(kept.provided?.digest == "1" && kept.configuration.url == "one" && kept.message.contains("503"))
        self.modules.answer("two", .version("2"))
        try await self.until("the second serves") { await self.digest() == "2" }
        #expect(await self.loader.status()["test/a"]?.snapshot.message == "")
    }

    @Test func whatKeepsServingDoesSoUnderTheNewFailStrategy() async throws {
        self.modules.answer("one", .version("1"))
        _ = await self.loader.load([self.plugin(url: "one")])
        var changes = self.loader.changes.makeAsyncIterator()
        _ = await changes.next()
        self.modules.answer("two", .failure("503"))
        _ = await self.loader.load([ScriptedModules.plugin("a", url: "two", failStrategy: .open)])
        // The workers are told, though no new code has come.
        _ = await changes.next()
        let kept = try #require(await self.loader.status()["test/a"]?.snapshot)
        #expect(kept.provided?.digest == "1" && kept.configuration.failStrategy == .open)
    }

    @Test func aLateCompletionNeverReplacesANewerWish() async throws {
        let gate = ScriptedModules.Gate()
        self.modules.answer("slow", .held(version: "old", until: gate))
        self.modules.answer("quick", .version("new"))
        _ = await self.loader.load([self.plugin(url: "slow")])
        try await self.until("the old one is being fetched") { self.modules.asked.contains("slow") }
        _ = await self.loader.load([self.plugin(url: "quick")])
        try await self.until("the new one serves") { await self.digest() == "new" }
        gate.open()
        // Back to the old wish: it is fetched anew, and what was on its way is not what ends up serving.
        self.modules.answer("slow", .version("newest"))
        _ = await self.loader.load([self.plugin(url: "slow")])
        try await self.until("the newest serves") { await self.digest() == "newest" }
    }

    @Test func anUnchangedPluginIsLeftAlone() async throws {
        self.modules.answer("far", .version("1"))
        let wish = self.plugin(url: "far")
        _ = await self.loader.load([wish])
        try await self.until("it serves") { await self.digest() == "1" }
        let again = await self.loader.load([wish, self.plugin("b", url: "far", configuration: "x")])
        #expect(again.first?.provided?.digest == "1")
        try await self.until("its neighbour serves") { await self.digest("b") == "1" }
        #expect(self.modules.asked.count == 2)
        #expect(await self.loader.load([]).isEmpty)
        #expect(await self.loader.status().isEmpty)
    }

    @Test func aTagIsLookedUpAgainWhenItsTimeHasCome() async throws {
        self.modules.refresh(after: 0.01)
        self.modules.answer("tag", .version("1"))
        _ = await self.loader.load([self.plugin(url: "tag")])
        try await self.until("the first serves") { await self.digest() == "1" }
        self.modules.answer("tag", .failure("503"))
        try await self.until("the registry is down") { await self.loader.status()["test/a"]?.failures ?? 0 >= 2 }
        #expect(await self.digest() == "1")
        self.modules.answer("tag", .version("2"))
        try await self.until("the second serves") { await self.digest() == "2" }
    }

    @Test func nothingIsTriedAfterTheStop() async throws {
        self.modules.answer("far", .failure("503"))
        _ = await self.loader.load([self.plugin(url: "far")])
        try await self.until("an attempt") { !self.modules.asked.isEmpty }
        await self.loader.stop()
        for await _ in self.loader.changes {}
        #expect(await self.digest() == nil)
    }

    @Test(arguments: [(1, 1.0), (2, 2), (3, 4), (7, 60), (1000, 60)] as [(Int, Double)])
    func pausesDoubleUpToACap(attempts: Int, seconds: Double) {
        #expect(LoadBackoff().pause(after: attempts, factor: 1) == seconds)
    }
}
