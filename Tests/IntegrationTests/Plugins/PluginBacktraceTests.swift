import TestSupport
import Testing

@Suite("A trap's log lines say where it happened", .timeLimit(.minutes(3)))
struct PluginBacktraceTests {
    /// `runaway.c` with debug information.
    private func module(_ directory: TemporaryDirectory) throws -> String {
        let script = """
            bin=$(dirname "$(readlink -f "$(command -v swift)")")
            exec "$bin/clang" --target=wasm32-unknown-unknown -std=c17 -Os -g -ffreestanding -fno-builtin -nostdlib \
                -I "\(Repository.root)/Tests/Plugins" -fuse-ld="$bin/wasm-ld" -Wl,--no-entry,-z,stack-size=16384 \
                -o "\(directory.path)/runaway.wasm" "\(Repository.root)/Tests/Plugins/runaway.c"
            """
        let compiler = try ChildProcess("/bin/sh", ["-c", script])
        defer { compiler.stop() }
        #expect(try compiler.waitForExit(deadline: .seconds(60)) == 0, "\(compiler.standardError)")
        return "\(directory.path)/runaway.wasm"
    }

    @Test("with DWARF there are files and lines, unless they are switched off", arguments: [nil, "0"])
    func placesInTheSource(_ details: String?) throws {
        let directory = try TemporaryDirectory()
        let upstream = try UpstreamServer()
        defer { upstream.stop() }
        let configuration = YAML.join(
            YAML.routeAll(to: upstream), YAML.wasmPlugin("probe", module: try self.module(directory)))
        let environment = details.map { ["WASMTIME_BACKTRACE_DETAILS": $0] } ?? [:]
        try MizzenProcess.run(configuration, environment: environment) { gateway throws in
            #expect(try gateway.get("/trap").status == 503)
            try gateway.waitForLog("critical", "edge.probe: Function: proxy_on_request_headers failed", "unreachable")
            let frame = try gateway.waitForLog("critical", "edge.probe: on_request_headers")
            #expect(frame.contains("runaway.c:") == (details == nil), "\(frame)")
        }
    }
}
