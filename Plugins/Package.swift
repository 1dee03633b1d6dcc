// swift-tools-version: 6.2
import PackageDescription

// One executable per plugin. scripts/build-plugins compiles them to WebAssembly with the SDK's toolset.json;
// `swift test` here tests their logic on the host.
let package = Package(
    name: "plugins",
    dependencies: [.package(name: "ProxyWasmSDK", path: "../SDK")],
    targets: [
        .executableTarget(
            name: "basic-auth",
            dependencies: [.product(name: "ProxyWasmSDK", package: "ProxyWasmSDK")],
            path: "basic-auth"
        ),
        .testTarget(
            name: "BasicAuthTests",
            dependencies: ["basic-auth", .product(name: "ProxyWasmSDK", package: "ProxyWasmSDK")],
            path: "Tests/BasicAuthTests"
        ),
    ]
)
