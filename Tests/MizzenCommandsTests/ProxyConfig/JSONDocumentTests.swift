import Gateway
import Testing

@testable import MizzenCommands

@Suite struct JSONDocumentTests {
    @Test func `YAML says what JSON said`() throws {
        let text =
            #"{"a":[1,"two",{"b":null,"c d":"x: y"}],"empty":{},"list":[],"#
            + #""nested":{"on":true,"s":"true"},"z":[[1],[]]}"#
        let document = try JSONDocument.parse(Array(text.utf8))
        #expect(
            document.yaml() == """
                a:
                  - 1
                  - two
                  - b: null
                    "c d": "x: y"
                empty: {}
                list: []
                nested:
                  "on": true
                  s: "true"
                z:
                  - - 1
                  - []

                """
        )
    }

    @Test func `JSON goes round`() throws {
        let text = #"{"a":[1,2.5,"x\n",true,null],"b":{}}"#
        let document = try JSONDocument.parse(Array(text.utf8))
        #expect(String(decoding: document.json.encoded(pretty: false), as: UTF8.self) == text)
    }

    @Test func `what is no JSON is an error`() {
        #expect(throws: CommandFailure.self) { try JSONDocument.parse(Array("<html>".utf8)) }
    }

    @Test func `table columns are as wide as their widest cell`() {
        #expect(TextTable.render([["A", "B"], ["long", "x"]]) == "A     B\nlong  x\n")
    }
}
