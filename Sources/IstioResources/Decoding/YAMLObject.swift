/// A file that holds one YAML object and is no resource, read with the same positions and messages.
package enum YAMLObject {
    /// Nil for an empty file and for one that is no object; the context says which it was.
    package static func read(_ file: SourceFile) -> (object: ObjectReader?, context: DecodingContext) {
        let context = DecodingContext(file: file.path)
        let (documents, failure) = YAMLLoader.load(file.text)
        if let failure {
            context.report(.error, line: failure.line, column: failure.column, path: "", failure.message)
        }
        let written = documents.filter { !$0.isNull }
        if written.count > 1 {
            let second = written[1]
            context.report(
                .error, line: second.line, column: second.column, path: "", "one document is read, not several")
        }
        guard let root = written.first else { return (nil, context) }
        return (Field(node: root, path: "", context: context).object(), context)
    }

    /// Some document of it says what kind of resource it is. False for what is no YAML.
    package static func holdsResources(_ file: SourceFile) -> Bool {
        YAMLLoader.load(file.text).0.contains { document in
            guard case .mapping(let entries) = document.content else { return false }
            return entries.contains { $0.key == "apiVersion" || $0.key == "kind" }
        }
    }
}
