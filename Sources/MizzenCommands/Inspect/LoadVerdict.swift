import ProxyWasm
import WasmtimeEngine

/// Whether somebody loads a module, and exactly why not.
struct LoadVerdict: Sendable {
    enum Outcome: Sendable {
        case loads
        /// What stands in the way, a line each.
        case refused([String])
        /// Nobody could try.
        case unknown(String)
    }

    var loader: String
    var outcome: Outcome

    init(_ loader: String, _ outcome: Outcome) {
        self.loader = loader
        self.outcome = outcome
    }

    init(_ loader: String, problems: [String]) {
        self.init(loader, problems.isEmpty ? .loads : .refused(problems))
    }

    /// By loading it, as `mizzen run` does.
    static func mizzen(_ bytes: [UInt8]) -> LoadVerdict {
        let engine: WasmtimeEngine
        do throws(EngineError) {
            engine = try WasmtimeEngine()
        } catch {
            return LoadVerdict("Mizzen", .unknown("the engine is not available: \(error)"))
        }
        do throws(PluginFailure) {
            _ = try PluginModule(bytes: bytes, engine: engine)
            return LoadVerdict("Mizzen", .loads)
        } catch {
            return LoadVerdict("Mizzen", .refused([error.message]))
        }
    }

    var text: String {
        switch self.outcome {
        case .loads: "loads it"
        case .refused(let problems): "does not load it: \(problems.joined(separator: "; "))"
        case .unknown(let why): "not known: \(why)"
        }
    }
}
