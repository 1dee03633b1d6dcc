extension Hostcalls {
    static let metrics: [Hostcall] = [
        Self.define("proxy_define_metric", "iiii") { vm, v in
            vm.defineMetric(v[0].i32, v[1].i32, v[2].i32, v[3].i32)
        },
        Self.define("proxy_increment_metric", "iI") { vm, v in
            vm.services.metrics.increment(v[0].i32, by: Int64(bitPattern: v[1].i64))
        },
        Self.define("proxy_record_metric", "iI") { vm, v in vm.services.metrics.record(v[0].i32, v[1].i64) },
        Self.define("proxy_get_metric", "ii") { vm, v in vm.getMetric(v[0].i32, v[1].i32) },
    ]
}

extension PluginVM {
    /// `proxy_define_metric` (all): the same type and name is the same metric everywhere in the process.
    func defineMetric(_ type: UInt32, _ nameAddress: UInt32, _ nameSize: UInt32, _ target: UInt32) -> Status {
        guard let name = self.memory.slice(nameAddress, nameSize) else { return .invalidMemoryAccess }
        guard let type = MetricType(rawValue: type) else { return .badArgument }
        guard name.count <= MetricStore.maximumNameBytes else {
            return self.refuse(.messageSize, "a metric's name of \(name.count) bytes")
        }
        let definition = self.effectivePlugin?.definition ?? self.definition
        guard
            let id = self.services.metrics.define(
                type,
                Array(name),
                plugin: definition.name,
                limits: definition.limits
            )
        else { return self.refuse(.metrics, "no more metrics may be defined") }
        return self.memory.store(id, at: target) ? .ok : .invalidMemoryAccess
    }

    /// `proxy_get_metric` (all).
    func getMetric(_ id: UInt32, _ target: UInt32) -> Status {
        let (value, status) = self.services.metrics.get(id)
        guard status == .ok else { return status }
        return self.memory.store(value, at: target) ? .ok : .invalidMemoryAccess
    }
}
