import Gateway
import IstioResources

/// Conditions and header operations, value by value.
enum MatchTranslation {
    static func match(_ match: HTTPMatch) -> RouteMatchConfiguration {
        RouteMatchConfiguration(
            path: match.uri.map { self.condition($0) },
            ignorePathCase: match.ignoreUriCase,
            method: match.method.map { self.condition($0) },
            authority: match.authority.map { self.condition($0) },
            scheme: match.scheme.map { self.condition($0) },
            headers: match.headers.map { HeaderMatchConfiguration(name: $0.name, match: self.condition($0.condition)) }
                + match.withoutHeaders.map {
                    HeaderMatchConfiguration(name: $0.name, match: self.condition($0.condition), inverted: true)
                },
            query: match.queryParams.map {
                QueryMatchConfiguration(name: $0.name, match: self.condition($0.condition))
            }
        )
    }

    static func condition(_ condition: StringCondition) -> StringMatch {
        switch condition {
        case .exact(let text): .exact(text)
        case .prefix(let text): .prefix(text)
        case .regex(let text): .regex(text)
        case .present: .present
        }
    }

    static func headers(_ changes: HeaderChanges) -> HeaderOperations {
        HeaderOperations(
            set: changes.set.map { .init(name: $0.name, value: $0.value) },
            add: changes.add.map { .init(name: $0.name, value: $0.value) },
            remove: changes.remove
        )
    }
}
