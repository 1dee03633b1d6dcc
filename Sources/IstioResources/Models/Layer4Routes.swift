/// One entry of a VirtualService's `tls[]` or `tcp[]`.
package struct Layer4Entry: Sendable, Equatable {
    /// Entries OR; empty = always (`tcp[]` only).
    package var match: [Layer4Match]
    package var destinations: [RouteDestination]
    package init(match: [Layer4Match], destinations: [RouteDestination]) {
        self.match = match
        self.destinations = destinations
    }
}

/// Conditions that all hold together.
package struct Layer4Match: Sendable, Equatable {
    /// Lower-case; only in `tls[]`, and not empty there.
    package var sniHosts: [String] = []
    /// The gateway server's port; nil = any.
    package var port: Int?
    /// Empty = every gateway of the VirtualService.
    package var gateways: [String] = []
    package init() {}
}
