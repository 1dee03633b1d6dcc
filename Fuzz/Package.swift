// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets in a package of their own, over the same sources (links in Sources/), so that our modules, and only
// they, are built with the sanitizers. `scripts/fuzz` builds and runs it. HTTP1 is one folder of the gateway, alone;
// Attributes is another, over a stand-in for the gateway's stream, with expressions over them. ModuleFetch is what needs
// no network.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // Counters and comparisons for libFuzzer; internal parts are fuzzed, hence `-enable-testing`.
    .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing", "-enforce-exclusivity=checked"]),
]

// libFuzzer without its `main`; `scripts/fuzz` finds it in the toolchain.
let runtime = Context.environment["FUZZER_RUNTIME"] ?? "libclang_rt.fuzzer_no_main.a"

let package = Package(
    name: "mizzen-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        .target(name: "ProxyWasm", swiftSettings: settings),
        .target(name: "CWasmtime", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(
            name: "WasmtimeEngine",
            dependencies: ["ProxyWasm", "CWasmtime", "Crypto"],
            swiftSettings: settings
        ),
        .target(name: "Crypto"),
        .target(name: "LinearRegex", swiftSettings: settings),
        .target(
            name: "IstioResources",
            dependencies: ["LinearRegex", .product(name: "Yams", package: "Yams")],
            swiftSettings: settings
        ),
        .target(
            name: "HTTP1",
            dependencies: ["ProxyWasm", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CZstd"),
        .target(
            name: "ModuleFetch",
            dependencies: ["CZlib", "CZstd", "Crypto"],
            sources: ["Archive", "Image", "Reference", "ModuleFetchError.swift"],
            swiftSettings: settings
        ),
        .target(name: "CEL", dependencies: ["LinearRegex"], swiftSettings: settings),
        .target(name: "Attributes", dependencies: ["CEL", "ProxyWasm"], swiftSettings: settings),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Attributes", "CEL", "ProxyWasm", "WasmtimeEngine", "LinearRegex", "IstioResources", "HTTP1",
                "ModuleFetch",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=address", runtime, "-lstdc++"])]
        ),
    ]
)
