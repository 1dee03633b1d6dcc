/// Header maps a plugin can name in a hostcall.
public enum MapType: UInt32, Sendable {
    case requestHeaders = 0
    case requestTrailers = 1
    case responseHeaders = 2
    case responseTrailers = 3
    case grpcReceiveInitialMetadata = 4
    case grpcReceiveTrailingMetadata = 5
    case httpCallResponseHeaders = 6
    case httpCallResponseTrailers = 7
}
