// swift-tools-version: 6.2
import PackageDescription

// One list of settings for every target: what Swift 7 will ask for, asked for today.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "mizzen",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "ProxyWasm", targets: ["ProxyWasm"]),
        .library(name: "ForeignFunctions", targets: ["ForeignFunctions"]),
        .library(name: "WasmtimeEngine", targets: ["WasmtimeEngine"]),
        .executable(name: "mizzen", targets: ["mizzen"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // The ABI host: no NIO, no Foundation, no engine.
        .target(name: "ProxyWasm", swiftSettings: swiftSettings),
        // Declarations of the C API we use, and the loader (dlopen).
        .target(name: "CWasmtime", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(
            name: "WasmtimeEngine",
            dependencies: ["ProxyWasm", "CWasmtime", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swiftSettings
        ),
        // Linear-time regular expressions: importable alone, fuzzed alone.
        .target(name: "LinearRegex", swiftSettings: swiftSettings),
        // The Common Expression Language: parser and evaluator, importable alone.
        .target(name: "CEL", dependencies: ["LinearRegex"], swiftSettings: swiftSettings),
        // The system's zlib.
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        // What plugins may call beyond the ABI, as Envoy offers it.
        .target(
            name: "ForeignFunctions",
            dependencies: [
                "CEL", "CZlib", "ProxyWasm",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: swiftSettings
        ),
        // The system's zstd, for image layers.
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        // From a plugin's URL to verified bytes: registries, HTTP, signatures, the cache. Knows neither Istio nor the
        // gateway.
        .target(
            name: "ModuleFetch",
            dependencies: [
                "CZlib", "CZstd",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "IstioResources",
            dependencies: ["LinearRegex", .product(name: "Yams", package: "Yams")],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "ProxyWasm", "LinearRegex",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "MizzenCommands",
            dependencies: [
                "ForeignFunctions", "Gateway", "IstioResources", "LinearRegex", "ModuleFetch", "ProxyWasm",
                "WasmtimeEngine",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "mizzen",
            dependencies: ["MizzenCommands", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: swiftSettings
        ),
        // What several test targets share: sockets and HTTP without the gateway's code, guests from text.
        .target(
            name: "TestSupport",
            dependencies: [
                "WasmtimeEngine",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "LinearRegexTests", dependencies: ["LinearRegex"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ModuleFetchTests",
            dependencies: [
                "ModuleFetch", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "CELTests", dependencies: ["CEL"], swiftSettings: swiftSettings),
        .testTarget(name: "IstioResourcesTests", dependencies: ["IstioResources"], swiftSettings: swiftSettings),
        .testTarget(
            name: "WasmtimeEngineTests",
            dependencies: ["ProxyWasm", "WasmtimeEngine"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ProxyWasmTests",
            dependencies: ["ProxyWasm", "TestSupport", "WasmtimeEngine"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ForeignFunctionsTests",
            dependencies: [
                "ForeignFunctions", "ProxyWasm",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "ForeignFunctions", "Gateway", "ProxyWasm", "TestSupport", "WasmtimeEngine",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "MizzenCommandsTests",
            dependencies: [
                "Gateway", "IstioResources", "MizzenCommands", "ModuleFetch", "ProxyWasm", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["mizzen", "ModuleFetch", "TestSupport"],
            swiftSettings: swiftSettings
        ),
    ]
)
