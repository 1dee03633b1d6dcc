#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// `fuzz TARGET [libFuzzer's options and corpora]`: libFuzzer over one target. Without arguments lists the targets.
@main
enum Fuzz {
    /// A target gets any bytes. It must return; `expect` says what has to hold.
    typealias Target = @Sendable (UnsafeRawBufferPointer) -> Void

    static let targets: [(name: String, run: Target)] = [
        ("module", ModuleTarget.run),
        ("hostcalls", HostcallsTarget.run),
        ("pairs", PairsTarget.run),
        ("property", PropertyTarget.run),
        ("request", HTTP1Target.request),
        ("response", HTTP1Target.response),
        ("yaml", YAMLTarget.run),
        ("regex", RegexTarget.run),
        ("unbox", UnboxTarget.run),
    ]

    static let chosen: Target? = {
        guard CommandLine.arguments.count > 1 else { return nil }
        return Self.targets.first { $0.name == CommandLine.arguments[1] }?.run
    }()

    static func main() {
        guard Self.chosen != nil else {
            for target in Self.targets { print(target.name) }
            exit(CommandLine.arguments.count > 1 ? 2 : 0)
        }
        // libFuzzer takes what stands behind the target's name.
        var count = CommandLine.argc - 1
        var arguments = CommandLine.unsafeArgv + 1
        arguments[0] = CommandLine.unsafeArgv[0]
        exit(
            runDriver(&count, &arguments) { bytes, count in
                Fuzz.chosen?(UnsafeRawBufferPointer(start: bytes, count: count))
                return 0
            }
        )
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// What must hold whatever the input; libFuzzer keeps the input that breaks it.
func expect(_ condition: Bool, _ rule: @autoclosure () -> String) {
    if !condition { fatalError("broken: \(rule())") }
}
