import WasmtimeEngine

/// The engine, made with the first input: its signal handlers stand before libFuzzer's.
enum TestEngine {
    static let shared: WasmtimeEngine = {
        do {
            return try WasmtimeEngine()
        } catch {
            // Without it a target would find nothing for ever.
            fatalError("\(error)")
        }
    }()
}
