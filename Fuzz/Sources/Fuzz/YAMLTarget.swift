@testable import IstioResources

/// Resource files: any text decodes to resources and problems with positions inside the text.
enum YAMLTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.reduce(into: 1) { if $1.isNewline { $0 += 1 } }
        let (resources, problems) = ResourceSet.decode([SourceFile(path: "a.yaml", text: text)])
        for problem in problems {
            expect(!problem.description.isEmpty, "a problem has a text")
            expect((0...lines + 1).contains(problem.line), "line \(problem.line) of \(lines)")
        }
        expect(resources.keepingLastGood(of: resources).count >= resources.count, "keeping the last good loses nothing")
        _ = resources.referenceProblems()
    }
}
