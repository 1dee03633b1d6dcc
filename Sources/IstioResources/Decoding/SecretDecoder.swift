/// `v1` Secret. Messages never show a value.
enum SecretDecoder {
    static func decode(_ reader: ObjectReader, _ metadata: Metadata) -> Secret {
        reader.ignore("immutable")
        var data: [String: [UInt8]] = [:]
        for (key, field) in reader["data"]?.entries() ?? [] {
            guard let text = field.string(maximum: 2 << 20) else { continue }
            if let bytes = Base64.decode(text) {
                data[key] = bytes
            } else {
                field.error("is not base64")
            }
        }
        for (key, field) in reader["stringData"]?.entries() ?? [] {
            if let text = field.string(maximum: 1 << 20) { data[key] = Array(text.utf8) }
        }
        return Secret(metadata: metadata, type: reader["type"]?.string() ?? "Opaque", data: data)
    }
}
