import Benchmark
import NIOCore
import ProxyWasm
import WasmtimeEngine

@testable import Gateway

// Setting up is not measured. One iteration is a thousand of the named thing (scaled), so that the clock's own cost does not count.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = Benchmark.Configuration(
        metrics: [.wallClock, .throughput],
        scalingFactor: .kilo,
        maxDuration: .seconds(2)
    )

    // MARK: Header map

    Benchmark("header map: fill with 12 headers") { benchmark in
        let map = HeaderMap()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            map.removeAll()
            Samples.fill(map)
        }
        benchmark.stopMeasurement()
        blackHole(map.count)
    }

    Benchmark("header map: find the last of 12") { benchmark in
        let map = HeaderMap()
        Samples.fill(map)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(map.firstIndex(of: "x-request-id")) }
        benchmark.stopMeasurement()
    }

    Benchmark("header map: set one") { benchmark in
        let map = HeaderMap()
        Samples.fill(map)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { map.set("x-request-id", "0123456789abcdef0123456789abcdef") }
        benchmark.stopMeasurement()
        blackHole(map.count)
    }

    // MARK: Codec

    Benchmark("codec: scan and parse a request head") { benchmark in
        let map = HeaderMap()
        let parser = HTTP1RequestParser(limits: HTTP1Limits())
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            map.removeAll()
            Samples.requestHead.withUnsafeBytes { bytes in
                var scanner = HTTP1HeadScanner()
                guard case .complete(let length) = scanner.scan(bytes, limit: 60_000) else { return }
                blackHole(parser.parse(bytes.slice(0..<length), into: map))
            }
        }
        benchmark.stopMeasurement()
    }

    Benchmark("codec: write a request head") { benchmark in
        let map = HeaderMap()
        Samples.fill(map)
        var buffer = ByteBuffer()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            buffer.clear()
            HTTP1Serializer.writeRequestHead(map, framing: .none, into: &buffer)
        }
        benchmark.stopMeasurement()
        blackHole(buffer.readableBytes)
    }

    // MARK: Route lookup

    for hosts in [1, 1000] {
        Benchmark("route lookup: \(hosts) hosts with 5 routes each") { benchmark in
            guard let table = Samples.routeTable(hosts: hosts) else { return benchmark.error("no route table") }
            let map = HeaderMap()
            Samples.fill(map, authority: "host-\(hosts / 2).example.com")
            var found = 0
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                guard let authority = map.first(":authority") else { continue }
                if table.virtualHost(for: authority)?.route(for: map) != nil { found &+= 1 }
            }
            benchmark.stopMeasurement()
            blackHole(found)
        }
    }

    // MARK: Plugins

    for count in [1, 10] {
        Benchmark("plugins: one stream through a chain of \(count), 2 callbacks and 3 hostcalls each") { benchmark in
            guard let chain = Samples.chain(count) else { return benchmark.error("make build; scripts/build-plugins") }
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { chain.run() }
            benchmark.stopMeasurement()
        }
    }

    Benchmark(
        "plugins: make an instance from compiled code",
        configuration: .init(metrics: [.wallClock, .throughput], scalingFactor: .one, maxDuration: .seconds(2))
    ) { benchmark in
        guard let module = Samples.module() else { return benchmark.error("make build; scripts/build-plugins") }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(Samples.instance(module)) }
        benchmark.stopMeasurement()
    }
}
