import Dispatch

/// Work that keeps a processor busy for a while: not on the threads that all tasks share.
enum OffPool {
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(ModuleFetchError) -> Value
    ) async throws(ModuleFetchError) -> Value {
        let result: Result<Value, ModuleFetchError> = await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                do throws(ModuleFetchError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
