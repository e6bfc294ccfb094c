#if FUZZ
import Core

@testable import HTTP

/// A form's parts as lines, and how reading it ended.
private func read(_ request: HTTPRequest) async -> [String] {
    var out: [String] = []
    do {
        let reader = try MultipartReader(request)
        while let part = try await reader.nextPart() {
            out.append("\(part.name)|\(part.fileName ?? "-")|\(part.headers.map { "\($0.name): \($0.value)" })")
            // Every third part is skipped unread.
            if out.count % 3 == 2 { continue }
            var body: [UInt8] = []
            while let chunk = try await part.nextChunk() { body += chunk }
            out.append(body.shown)
        }
        out.append("end")
    } catch { out.append("\(error)") }
    return out
}

private func request(_ type: String, _ body: HTTPBody) -> HTTPRequest { HTTPRequest(.post, "/", headers: ["Content-Type": type], body: body) }

/// The first line of an input is the content type, the rest the form.
func multipartTarget() -> FuzzTarget {
    let head = "multipart/form-data; boundary=b0\n"
    let form = "preamble\n--b0\nContent-Disposition: form-data; name=\"note\"\n\nhello\n--b0 \ncontent-disposition: form-data; name=\"f\"; filename=\"a \\\"b\\\".yaml\"\n"
        + "Content-Type: text/yaml\n\nline\n--b\n--b1 \n\n--b0\nContent-Disposition: form-data; name=empty\n\n\n--b0--\nepilogue"
    let seeds = [
        head + form, "multipart/form-data; boundary=\"b0\"\n" + form, head + "--b0--", head + "--b0\nX: y\n\n\n--b0--", head + "--b0\nnocolon\n\n\n--b0--",
        "multipart/form-data;boundary=\n--\n", head + "--b0\nContent-Disposition: form-data; name=a\n\nopen",
    ].map(\.wire)
    let words = ["\r\n--b0", "\r\n--b0--", "\r\n", "--b0", "Content-Disposition: form-data; name=x\r\n\r\n", "; filename=\"", "\\\"", "name=", "\r", "\n--b"]
    return FuzzTarget("multipart", seeds: seeds, words: words) { input in
        let end = input.firstIndex(of: 13) ?? input.count
        let type = String(decoding: input[..<end], as: UTF8.self)
        let bytes = UnsafeRawBufferPointer(rebasing: input[min(end + 2, input.count)...])
        let whole = Array(bytes)
        let first = InlineTask { await read(request(type, HTTPBody(whole))) }
        let lines = try first.value().get()

        // In pieces, each of which comes when the reader waits for it.
        let stream = BodyStream(length: nil) {}
        let second = InlineTask { await read(request(type, HTTPBody(source: .stream(stream), defaultLimit: .max))) }
        var chance = Chance(of: input)
        for piece in chance.pieces(bytes) { _ = stream.push(Array(piece)) }
        stream.end()
        let pieces = try second.value().get()
        try require(lines == pieces, "in one piece \(lines), in pieces \(pieces)")
    }
}
#endif
