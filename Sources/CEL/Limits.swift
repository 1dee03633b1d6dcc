/// What one expression may cost. Past a bound there is an error, never a partial answer.
package struct Limits: Sendable {
    /// Bytes of source text.
    package var sourceBytes = 32 << 10
    /// Levels of nesting of the syntax tree.
    package var depth = 100
    /// Nodes visited, elements looked at, and every sixteen bytes compared, copied or searched.
    package var steps = 100_000
    /// Bytes of strings, and elements of lists and maps (16 each), that one evaluation may make.
    package var producedBytes = 1 << 20
    /// Bytes of the strings in a result, and values in it, attributes among them: each as often as it is there.
    package var resultBytes = 4 << 20
    package var resultValues = 10_000

    package init() {}
}
