import ProxyWasmSDK

ProxyWasm.register { BasicAuthRoot() }
