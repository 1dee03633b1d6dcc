/// Buffers a plugin can name in a hostcall.
public enum BufferType: UInt32, Sendable {
    case httpRequestBody = 0
    case httpResponseBody = 1
    case downstreamData = 2
    case upstreamData = 3
    case httpCallResponseBody = 4
    case grpcReceiveBuffer = 5
    case vmConfiguration = 6
    case pluginConfiguration = 7
    case callData = 8
}
