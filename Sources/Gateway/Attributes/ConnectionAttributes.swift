import ProxyWasm

/// `connection.*`
enum ConnectionAttributes {
    static func get(_ path: PropertyPath, _ downstream: any ConnectionFacts, _ attribute: inout AttributeBuffer)
        -> Status
    {
        guard path.count == 2 else { return path.count == 1 ? .serializationFailure : .notFound }
        if path.matches(1, "id") { return attribute.setUInt(downstream.connectionID) }
        if path.matches(1, "termination_details") { return Self.text(downstream.terminationDetails, &attribute) }
        let tls = downstream.tls
        if path.matches(1, "mtls") { return attribute.setBool(tls?.isMutual ?? false) }
        if path.matches(1, "transport_failure_reason") {
            return Self.text(downstream.transportFailureReason, &attribute)
        }
        // Empty where nothing was requested, also without TLS.
        if path.matches(1, "requested_server_name") {
            return attribute.setString((tls?.requestedServerName ?? "").utf8)
        }
        guard let tls else { return .notFound }
        return Self.tls(path, tls, &attribute)
    }

    /// The names that both sides of the gateway have.
    static func tls(_ path: PropertyPath, _ tls: TLSInfo, _ attribute: inout AttributeBuffer) -> Status {
        if path.matches(1, "tls_version") { return Self.text(tls.version, &attribute) }
        if path.matches(1, "subject_local_certificate") { return Self.text(tls.local.subject, &attribute) }
        if path.matches(1, "subject_peer_certificate") { return Self.text(tls.peer.subject, &attribute) }
        if path.matches(1, "dns_san_local_certificate") { return Self.text(tls.local.dnsNames.first, &attribute) }
        if path.matches(1, "dns_san_peer_certificate") { return Self.text(tls.peer.dnsNames.first, &attribute) }
        if path.matches(1, "uri_san_local_certificate") { return Self.text(tls.local.uris.first, &attribute) }
        if path.matches(1, "uri_san_peer_certificate") { return Self.text(tls.peer.uris.first, &attribute) }
        if path.matches(1, "sha256_peer_certificate_digest") { return Self.text(tls.peer.sha256Digest, &attribute) }
        if path.matches(1, "peer_certificate") { return Self.text(tls.peer.urlEncodedPEM, &attribute) }
        return .notFound
    }

    /// What is not there, or empty, is not found.
    static func text(_ text: String?, _ attribute: inout AttributeBuffer) -> Status {
        guard let text, !text.isEmpty else { return .notFound }
        return attribute.setString(text.utf8)
    }
}
