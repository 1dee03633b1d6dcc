/// The filters of one stream: made when a chain first needs them, used again for every request of the connection.
struct FilterList: ~Copyable {
    private var filters: UnsafeMutablePointer<Unmanaged<WasmFilter>>?
    private var count = 0

    deinit {
        guard let filters = self.filters else { return }
        for index in 0..<self.count { filters[index].release() }
        filters.deallocate()
    }

    /// Makes what is missing of `count` filters.
    mutating func reserve(_ count: Int, of stream: HTTPStream) {
        guard count > self.count else { return }
        let grown = UnsafeMutablePointer<Unmanaged<WasmFilter>>.allocate(capacity: count)
        if let filters = self.filters {
            grown.moveInitialize(from: filters, count: self.count)
            filters.deallocate()
        }
        for index in self.count..<count {
            (grown + index).initialize(to: Unmanaged.passRetained(WasmFilter(stream: stream, index: index)))
        }
        self.filters = grown
        self.count = count
    }

    subscript(index: Int) -> WasmFilter { self.reference(index).takeUnretainedValue() }

    /// The filter without a reference count: for the walks that every request makes. The stream keeps it.
    @inline(__always)
    func reference(_ index: Int) -> Unmanaged<WasmFilter> {
        guard let filters = self.filters, index >= 0, index < self.count else {
            preconditionFailure("filter \(index) of \(self.count)")
        }
        return filters[index]
    }
}
