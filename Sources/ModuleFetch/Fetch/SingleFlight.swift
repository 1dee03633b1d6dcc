/// Work that several want is done once, and all get what came out.
actor SingleFlight<Key: Hashable & Sendable, Value: Sendable> {
    private var flights: [Key: Task<Result<Value, ModuleFetchError>, Never>] = [:]

    /// Joins the work under way for this key, or begins it. It goes on when whoever waits for it does not.
    func run(
        _ key: Key, _ work: @escaping @Sendable () async throws(ModuleFetchError) -> Value
    ) async throws(ModuleFetchError) -> Value {
        if let flight = self.flights[key] { return try await flight.value.get() }
        let flight = Task {
            do throws(ModuleFetchError) {
                return Result<Value, ModuleFetchError>.success(try await work())
            } catch {
                return .failure(error)
            }
        }
        self.flights[key] = flight
        let result = await flight.value
        self.flights[key] = nil
        return try result.get()
    }
}
