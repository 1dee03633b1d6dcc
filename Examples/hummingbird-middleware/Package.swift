// swift-tools-version: 6.2
import PackageDescription

// Proxy-Wasm plugins in another server: a Hummingbird middleware on the `ProxyWasm` library. docs/embedding.md explains.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "hummingbird-middleware",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "ProxyWasmMiddleware", targets: ["ProxyWasmMiddleware"])
    ],
    dependencies: [
        // Elsewhere: .package(url: "https://…/mizzen", from: "…").
        .package(name: "mizzen", path: "../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        // Hummingbird's own choices, named since we import them.
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .target(
            name: "ProxyWasmMiddleware",
            dependencies: [
                .product(name: "ProxyWasm", package: "mizzen"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
        // Four routes with a plugin before them.
        .executableTarget(
            name: "Server",
            dependencies: [
                "ProxyWasmMiddleware",
                .product(name: "ProxyWasm", package: "mizzen"),
                .product(name: "WasmtimeEngine", package: "mizzen"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings
        ),
        // The listing of docs/embedding.md: the two ports in one file, no server.
        .executableTarget(
            name: "MinimalHost",
            dependencies: [
                .product(name: "ProxyWasm", package: "mizzen"),
                .product(name: "WasmtimeEngine", package: "mizzen"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ProxyWasmMiddlewareTests",
            dependencies: [
                "ProxyWasmMiddleware", "MinimalHost",
                .product(name: "ProxyWasm", package: "mizzen"),
                .product(name: "WasmtimeEngine", package: "mizzen"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings
        ),
    ]
)
