import ProxyWasm
import Testing

@testable import Gateway

struct TrialVerdictTests {
    private static let definition = PluginDefinition(name: "a.b", configuration: [1])

    private static func verdict(_ kind: PluginFailure.Kind?, milliseconds: UInt32 = 1) -> TrialVerdict {
        TrialVerdict(failure: kind.map { PluginFailure($0, "reason") }, milliseconds: milliseconds)
    }

    @Test(
        "what would come out the same is remembered",
        arguments: [nil, .configure, .trap, .vmStart] as [PluginFailure.Kind?])
    func remembers(kind: PluginFailure.Kind?) {
        var verdicts = TrialVerdicts()
        verdicts["digest", Self.definition] = Self.verdict(kind)
        #expect(verdicts["digest", Self.definition]?.failure?.kind == kind)
        var other = Self.definition
        other.configuration = [2]
        #expect(verdicts["digest", other] == nil)
        #expect(verdicts["other", Self.definition] == nil)
    }

    @Test func aDeadlineIsTriedAgain() {
        var verdicts = TrialVerdicts()
        verdicts["digest", Self.definition] = Self.verdict(.deadline)
        #expect(verdicts["digest", Self.definition] == nil)
    }

    @Test(
        "a worker waits as long as three trials and two callbacks",
        arguments: [(0, 200), (100, 500), (UInt32.max, UInt32.max)] as [(UInt32, UInt32)])
    func deadline(milliseconds: UInt32, expected: UInt32) {
        let limits = VMLimits(callbackDeadlineMilliseconds: 100)
        #expect(Self.verdict(nil, milliseconds: milliseconds).startDeadlineMilliseconds(limits) == expected)
    }
}
