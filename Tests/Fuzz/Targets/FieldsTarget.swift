#if FUZZ
import Core
import Foundation

@testable import HTTP

/// Small readers of field values, each against its rules; the input is the value.
func fieldsTarget() -> FuzzTarget {
    let seeds = [
        "gzip;q=0.5, deflate, *;q=0", "gzip;q=0.009, deflate;q=0.01", "identity;q=0.011, gzip;q=0.02", "identity;q=0, gzip", "W/\"a,b\", \"c\"", "*", "bytes=0-4", "bytes=-5", "bytes=5-", "Sun, 06 Nov 1994 08:49:37 GMT",
        "form-data; name=\"a\\\"b\"; filename=x", "multipart/form-data; boundary=b", "a=1; session=t=2", "for=\"[::1]:80\";proto=https", "close, Upgrade",
        "gzip, x-gzip, identity", "application/json; charset=utf-8", "h:80", "[::1]:443",
    ].map(\.bytes)
    let words = ["gzip", "deflate", "identity", ";q=", "0.001", "1.000", ",", "\"", "\\", "W/", "bytes=", "-", " GMT", "Nov", "; ", "=", "99999999999999999999", "*"]
    return FuzzTarget("fields", seeds: seeds, words: words, longest: 256) { input in
        // As a value of a field that came over the wire: no control characters but the tab.
        let bytes = input.filter { $0 >= 32 && $0 != 127 || $0 == 9 }
        let text = String(decoding: bytes, as: UTF8.self)
        try acceptEncoding(text)
        try entityTags(text)
        try ranges(text)
        try dates(text)
        try headers(text)
        _ = ContentCoding.list([text], limit: 2)
        _ = CompressibleTypes.contains(text)
        for name in ["name", "filename", "boundary", "charset"] { _ = HTTPText.parameter(name, of: text) }
        let request = HTTPRequest(.get, "/", headers: ["Cookie": text, "Content-Type": text])
        _ = (request.cookie("session"), request.mediaType)
    }
}

/// Against the plain way of doing it.
private func acceptEncoding(_ text: String) throws {
    let read = AcceptEncoding(["Accept-Encoding": text])
    var weights: [String: Double] = [:]
    for item in text.utf8.split(separator: 44) {
        let item = String(decoding: item, as: UTF8.self)
        let parts = item.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).map { String(HTTPText.trim($0)) }
        var name = parts[0].lowercased(), weight = 1.0
        if name == "x-gzip" { name = "gzip" }
        if parts.count > 1 {
            guard parts[1].wholeMatch(of: /[qQ]=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)/) != nil, let number = Double("\(parts[1].dropFirst(2))" + (parts[1].hasSuffix(".") ? "0" : "")) else { continue }
            weight = number
        }
        weights[name] = name == "gzip" ? max(weights[name] ?? 0, weight) : weight
    }
    let others = weights["*"] ?? 0
    let gzip = weights["gzip"] ?? others, deflate = weights["deflate"] ?? others, identity = weights["identity"] ?? 0
    let expected = max(gzip, deflate) == 0 || max(gzip, deflate) < identity ? nil : gzip >= deflate ? ContentCoding.gzip : .deflate
    try require(read.choice == expected, "\(text): \(String(describing: read.choice)) instead of \(String(describing: expected))")
}

private func entityTags(_ text: String) throws {
    guard case .tags(let tags)? = EntityTag.list([text]) else { return }
    for tag in tags {
        try require(text.contains((tag.isWeak ? "W/" : "") + tag.opaque), "\(tag) is not in \(text)")
        try require(EntityTag((tag.isWeak ? "W/" : "") + tag.opaque) == tag, "\(tag) reads differently")
    }
    _ = Preconditions.outcome(["ETag": "\"a\"", "Last-Modified": text], ["If-None-Match": text, "If-Match": text, "If-Modified-Since": text])
}

private func ranges(_ text: String) throws {
    for size in [0, 1, 10, Int64.max] {
        if case .part(let part) = Preconditions.parse(text, size: size) {
            try require(part.lowerBound >= 0 && part.upperBound <= size && !part.isEmpty, "\(text) of \(size): \(part)")
        }
    }
}

private func dates(_ text: String) throws {
    guard let seconds = HTTPDate.seconds(text) else { return }
    let again = HTTPDate.text(seconds: seconds)
    // Days and hours may overflow into the next ones; what is written then is in order.
    if seconds >= 0 && seconds < 253_402_300_800 { try require(HTTPDate.seconds(again) == seconds, "\(text) is \(seconds), and \(again) is not") }
}

private func headers(_ text: String) throws {
    var fields: HTTPHeaders = ["A": "1", "Value": text, "b": "2"]
    try require(fields["value"] == text && fields.count == 3, "\(fields.block.shown)")
    fields["VALUE"] = text + "\r\nEvil: x\u{0}"
    try require(fields.count == 3 && fields["Evil"] == nil && fields.block.count { $0 == 10 } == 3, "\(fields.block.shown)")
    fields["a"] = nil
    try require(fields.map(\.name) == ["b", "VALUE"] || fields.map(\.name) == ["VALUE", "b"], "\(fields.block.shown)")
    _ = (fields.lists("value", "close"), fields.asTrailers())
}
#endif
