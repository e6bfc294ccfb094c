#if FUZZ
import Core

/// Documents: what is read and written again reads the same.
func jsonTarget() -> FuzzTarget {
    let seeds = [
        "{\"a\": [1, -2.5e3, true, null, \"\\u00e9\\ud83d\\ude00\\n\"], \"b\": {}}", "[]", "\"x\"", "1e400", "-0", "9223372036854775807", "9223372036854775808", "[[[[[[]]]]]]", "{\"a\":1,\"a\":2}",
        "{\"inputs\": [{\"name\": \"X\", \"datatype\": \"FP32\", \"shape\": [1, 64], \"data\": [0.1, 1e-7]}]}",
    ].map(\.bytes)
    let words = ["{", "}", "[", "]", "\"", ":", ",", "true", "false", "null", "\\u", "\\ud800", "1e", "-", "0.", "\\", "e+9", "\u{e9}"]
    return FuzzTarget("json", seeds: seeds, words: words) { input in
        guard let value = try? JSONParser.parse(Array(input)) else { return }
        let text = value.serialized()
        guard let again = try? JSONParser.parse(text) else { throw FuzzFailure("written as \(text.shown), which is not read") }
        try require(again == value && again.serialized() == text, "written as \(text.shown), which reads \(again)")
    }
}
#endif
