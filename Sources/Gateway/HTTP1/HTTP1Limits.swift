/// Bounds of one HTTP/1.1 message, with the defaults of a production Envoy edge.
package struct HTTP1Limits: Sendable {
    /// Request or status line plus all header lines, bytes.
    package var headBytes = 60 * 1024
    /// Header lines of a head.
    package var headerCount = 100
    /// A chunk-size line with its extensions, bytes.
    package var chunkLineBytes = 4096
    /// Trailer lines of a chunked body, bytes.
    package var trailerBytes = 8 * 1024

    package init() {}
}

/// Why bytes are not an HTTP/1.1 message we forward. The raw value goes to the access log
/// (`http1.…`), the status to the client.
enum HTTP1Fault: String, Error {
    case badRequestLine = "http1.bad_request_line"
    case badMethod = "http1.bad_method"
    case badTarget = "http1.bad_target"
    case badVersion = "http1.unsupported_version"
    case badStatusLine = "http1.bad_status_line"
    case bareLineFeed = "http1.bare_line_feed"
    case badHeaderName = "http1.bad_header_name"
    case badHeaderValue = "http1.bad_header_value"
    case foldedHeader = "http1.folded_header"
    case headTooLarge = "http1.head_too_large"
    case tooManyHeaders = "http1.too_many_headers"
    case missingHost = "http1.missing_host"
    case duplicateHost = "http1.duplicate_host"
    case badHost = "http1.bad_host"
    case badContentLength = "http1.bad_content_length"
    case duplicateContentLength = "http1.duplicate_content_length"
    case lengthAndTransferEncoding = "http1.content_length_with_transfer_encoding"
    case badTransferEncoding = "http1.unsupported_transfer_encoding"
    case badChunk = "http1.bad_chunk"
    case trailersTooLarge = "http1.trailers_too_large"
    case connectNotSupported = "http1.connect_not_supported"

    var status: Int {
        switch self {
        case .headTooLarge, .tooManyHeaders: 431
        case .badVersion: 505
        case .badTransferEncoding, .connectNotSupported: 501
        default: 400
        }
    }
}
