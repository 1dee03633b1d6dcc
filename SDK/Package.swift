// swift-tools-version: 6.2
import PackageDescription

// Nothing here is specific to WebAssembly: toolset.json holds those flags. On the host the same targets build
// normally, with hostcalls that answer "unimplemented", so that the logic of plugins can be tested with `swift test`.
let package = Package(
    name: "ProxyWasmSDK",
    products: [
        .library(name: "ProxyWasmSDK", targets: ["ProxyWasmSDK"])
    ],
    targets: [
        .target(name: "CProxyWasmShims"),
        .target(name: "ProxyWasmSDK", dependencies: ["CProxyWasmShims"]),
        .testTarget(name: "ProxyWasmSDKTests", dependencies: ["ProxyWasmSDK"]),
    ]
)
