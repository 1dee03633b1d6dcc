/// Directions a plugin can continue or close.
public enum StreamType: UInt32, Sendable {
    case request = 0
    case response = 1
    case downstream = 2
    case upstream = 3
}
