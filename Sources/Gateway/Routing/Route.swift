import LinearRegex
import ProxyWasm

/// One compiled route.
final class Route: Sendable {
    let configuration: RouteConfiguration
    let name: [UInt8]
    let requestHeaders: CompiledHeaderOperations
    let responseHeaders: CompiledHeaderOperations
    /// Goes to a cluster; else it is answered here.
    let forwards: Bool
    let destinations: [Destination]
    let totalWeight: Int
    let pathRewrite: PathRewrite?
    let authorityRewrite: [UInt8]?
    let timeoutMilliseconds: Int?

    /// An object, so that a stream keeps it for one reference count.
    final class Destination: Sendable {
        let cluster: String
        let weight: Int
        let requestHeaders: CompiledHeaderOperations
        let responseHeaders: CompiledHeaderOperations

        init(
            cluster: String,
            weight: Int,
            requestHeaders: CompiledHeaderOperations,
            responseHeaders: CompiledHeaderOperations
        ) {
            self.cluster = cluster
            self.weight = weight
            self.requestHeaders = requestHeaders
            self.responseHeaders = responseHeaders
        }
    }

    enum PathRewrite: Sendable {
        case replace(matched: Int?, with: [UInt8])
        case regex(LinearRegex, substitution: String)
    }

    private let path: StringMatcher?
    private let ignorePathCase: Bool
    private let method: StringMatcher?
    private let authority: StringMatcher?
    private let scheme: StringMatcher?
    private let headers: [(name: [UInt8], matcher: StringMatcher, inverted: Bool)]
    private let query: [(name: [UInt8], matcher: StringMatcher)]

    init(_ configuration: RouteConfiguration) throws(RouteTableError) {
        self.configuration = configuration
        self.name = Array(configuration.name.utf8)
        self.requestHeaders = CompiledHeaderOperations(configuration.requestHeaders)
        self.responseHeaders = CompiledHeaderOperations(configuration.responseHeaders)
        let match = configuration.match
        self.ignorePathCase = match.ignorePathCase
        self.path = try Self.compile(match.path, lowercased: match.ignorePathCase)
        self.method = try Self.compile(match.method)
        self.authority = try Self.compile(match.authority)
        self.scheme = try Self.compile(match.scheme)
        var headers: [(name: [UInt8], matcher: StringMatcher, inverted: Bool)] = []
        for header in match.headers {
            headers.append((Array(header.name.lowercased().utf8), try StringMatcher(header.match), header.inverted))
        }
        self.headers = headers
        var query: [(name: [UInt8], matcher: StringMatcher)] = []
        for parameter in match.query {
            query.append((Array(parameter.name.utf8), try StringMatcher(parameter.match)))
        }
        self.query = query

        guard case .forward(let forward) = configuration.action else {
            self.forwards = false
            self.destinations = []
            self.totalWeight = 0
            self.pathRewrite = nil
            self.authorityRewrite = nil
            self.timeoutMilliseconds = nil
            return
        }
        self.forwards = true
        let weighted =
            forward.destinations.count > 1 ? forward.destinations.filter { $0.weight > 0 } : forward.destinations
        self.destinations = weighted.map {
            Destination(
                cluster: $0.cluster,
                weight: max(1, $0.weight),
                requestHeaders: CompiledHeaderOperations($0.requestHeaders),
                responseHeaders: CompiledHeaderOperations($0.responseHeaders)
            )
        }
        self.totalWeight = self.destinations.reduce(0) { $0 + $1.weight }
        switch forward.pathRewrite {
        case nil:
            self.pathRewrite = nil
        case .uri(let uri):
            var matched: Int?
            if case .prefix(let prefix) = match.path { matched = prefix.utf8.count }
            self.pathRewrite = .replace(matched: matched, with: Array(uri.utf8))
        case .regex(let pattern, let substitution):
            do {
                self.pathRewrite = .regex(try LinearRegex(pattern), substitution: substitution)
            } catch {
                throw RouteTableError(
                    description: "route \(configuration.name): rewrite regex \"\(pattern)\": \(error)")
            }
        }
        self.authorityRewrite = forward.authorityRewrite.map { Array($0.utf8) }
        self.timeoutMilliseconds = forward.timeoutMilliseconds
    }

    private static func compile(_ match: StringMatch?, lowercased: Bool = false) throws(RouteTableError)
        -> StringMatcher?
    {
        guard let match else { return nil }
        return try StringMatcher(match, lowercased: lowercased)
    }

    func matches(_ map: HeaderMap) -> Bool {
        let target = map.first(":path") ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let pathEnd = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        if let path = self.path, !path.matches(target.slice(0..<pathEnd), ignoreCase: self.ignorePathCase) {
            return false
        }
        if let method = self.method,
            !method.matches(map.first(":method") ?? UnsafeRawBufferPointer(start: nil, count: 0))
        {
            return false
        }
        if let scheme = self.scheme,
            !scheme.matches(map.first(":scheme") ?? UnsafeRawBufferPointer(start: nil, count: 0))
        {
            return false
        }
        if let authority = self.authority {
            let value = map.first(":authority") ?? UnsafeRawBufferPointer(start: nil, count: 0)
            if !authority.matches(value), !authority.matches(RouteTable.withoutPort(value)) { return false }
        }
        for (name, matcher, inverted) in self.headers {
            let found = name.withUnsafeBytes { name -> Bool in
                guard let index = map.firstIndex(of: name) else { return false }
                return matcher.matches(map.value(at: index))
            }
            if found == inverted { return false }
        }
        for (name, matcher) in self.query {
            guard pathEnd < target.count,
                Self.queryValue(target.slice((pathEnd + 1)..<target.count), name).map({ matcher.matches($0) }) == true
            else { return false }
        }
        return true
    }

    /// The value of the first query parameter of that name, as it stands on the wire.
    private static func queryValue(_ query: UnsafeRawBufferPointer, _ name: [UInt8]) -> UnsafeRawBufferPointer? {
        var start = 0
        while start <= query.count {
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") { end += 1 }
            let pair = query.slice(start..<end)
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            if pair.slice(0..<equals).equals(name) {
                return equals < pair.count ? pair.slice((equals + 1)..<pair.count) : pair.slice(pair.count..<pair.count)
            }
            start = end + 1
        }
        return nil
    }

    func pickDestination(random: UInt64) -> Destination? {
        guard self.destinations.count > 1 else { return self.destinations.first }
        var ticket = Int(random % UInt64(self.totalWeight))
        for destination in self.destinations {
            ticket -= destination.weight
            if ticket < 0 { return destination }
        }
        return self.destinations.last
    }

    /// Rewrites `:path` and `:authority`; true when the path changed.
    func rewrite(_ map: HeaderMap) -> Bool {
        if let authority = self.authorityRewrite {
            authority.withUnsafeBytes { _ = map.set(":authority", $0) }
        }
        guard let rewrite = self.pathRewrite, let target = map.first(":path") else { return false }
        let pathEnd = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
        var result: [UInt8]
        switch rewrite {
        case .replace(let matched, let replacement):
            result = replacement
            if let matched, matched <= pathEnd { result.append(contentsOf: target.slice(matched..<pathEnd)) }
        case .regex(let regex, let substitution):
            result = regex.replacingMatches(in: Array(target.slice(0..<pathEnd)), with: substitution)
        }
        if result.first != UInt8(ascii: "/") { result.insert(UInt8(ascii: "/"), at: 0) }
        result.append(contentsOf: target.slice(pathEnd..<target.count))
        result.withUnsafeBytes { _ = map.set(":path", $0) }
        return true
    }
}

/// Header operations with names and values as bytes.
struct CompiledHeaderOperations: Sendable {
    private let set: [(name: [UInt8], value: [UInt8])]
    private let add: [(name: [UInt8], value: [UInt8])]
    private let remove: [[UInt8]]
    let isEmpty: Bool

    init(_ operations: HeaderOperations) {
        self.set = operations.set.map { (Array($0.name.lowercased().utf8), Array($0.value.utf8)) }
        self.add = operations.add.map { (Array($0.name.lowercased().utf8), Array($0.value.utf8)) }
        self.remove = operations.remove.map { Array($0.lowercased().utf8) }
        self.isEmpty = operations.isEmpty
    }

    func apply(to map: HeaderMap) {
        guard !self.isEmpty else { return }
        for (name, value) in self.set {
            name.withUnsafeBytes { name in value.withUnsafeBytes { _ = map.set(name: name, value: $0) } }
        }
        for (name, value) in self.add {
            name.withUnsafeBytes { name in value.withUnsafeBytes { _ = map.append(name: name, value: $0) } }
        }
        for name in self.remove { name.withUnsafeBytes { _ = map.remove(name: $0) } }
    }
}
