/// Where an expression's free names get their values from.
package protocol Activation {
    /// The value of `path[0].path[1]…`, asked for only when the expression needs it. A key in brackets is a segment,
    /// too: `request.headers['x-a']` asks for `request`, `headers`, `x-a`; an index of a list is its decimal text.
    func value(of path: [[UInt8]]) -> Value?
}

/// Values by their whole path, e.g. for tests and for expressions without names.
package struct Bindings: Activation, Sendable {
    private let values: [[[UInt8]]: Value]

    /// Paths are written with dots.
    package init(_ values: [String: Value] = [:]) {
        var byPath: [[[UInt8]]: Value] = [:]
        for (name, value) in values { byPath[name.split(separator: ".").map { Array($0.utf8) }] = value }
        self.values = byPath
    }

    package func value(of path: [[UInt8]]) -> Value? {
        for count in stride(from: path.count, through: 1, by: -1) {
            guard var value = self.values[Array(path.prefix(count))] else { continue }
            for segment in path.dropFirst(count) {
                guard let next = value.child(segment) else { return nil }
                value = next
            }
            return value
        }
        return nil
    }
}

extension Value {
    /// What a path segment stands for in a map or a list.
    package func child(_ segment: [UInt8]) -> Value? {
        switch self {
        case .map(let map):
            return map[string: segment]
        case .list(let elements):
            guard let index = Int(String(decoding: segment, as: UTF8.self)), elements.indices.contains(index) else {
                return nil
            }
            return elements[index]
        default:
            return nil
        }
    }
}
