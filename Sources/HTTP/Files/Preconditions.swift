/// Conditional and range requests (RFC 9110, sections 13 and 14), as pure rules over a request and its response.
enum Preconditions {
    /// The response with what the request's `If-None-Match`, `If-Modified-Since`, `Range` and `If-Range` make of it,
    /// and the part of a file body to send.
    static func apply(_ response: HTTPResponse, to request: HTTPRequest) -> (response: HTTPResponse, part: Range<Int64>?) {
        var response = response
        var size: Int64?
        if case .file(let file) = response.body { size = file.size }
        let whole = size.map { 0..<$0 }
        guard response.status == .ok, request.method == .get || request.method == .head else { return (response, whole) }
        if isNotModified(response.headers, request.headers) {
            response.status = .notModified
            response.body = .none
            response.headers.remove("Content-Type")
            return (response, nil)
        }
        guard let size else { return (response, nil) }
        response.headers["Accept-Ranges"] = "bytes"
        guard request.method == .get, let header = request.headers["Range"], rangeApplies(response.headers, request.headers) else {
            return (response, whole)
        }
        switch parse(header, size: size) {
        case .whole: return (response, whole)
        case .part(let part):
            response.status = .partialContent
            response.headers["Content-Range"] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)"
            return (response, part)
        case .unsatisfiable:
            response.status = .rangeNotSatisfiable
            response.headers["Content-Range"] = "bytes */\(size)"
            response.headers.remove("Content-Type")
            response.body = .none
            return (response, nil)
        }
    }

    private static func isNotModified(_ response: HTTPHeaders, _ request: HTTPHeaders) -> Bool {
        let wanted = request.values("If-None-Match")
        if !wanted.isEmpty {
            guard let tag = response["ETag"] else { return false }
            return wanted.contains { list in
                list.split(separator: ",").contains { HTTPText.trim($0) == "*" || opaque(HTTPText.trim($0)) == opaque(Substring(tag)) }
            }
        }
        guard let since = request["If-Modified-Since"].flatMap(HTTPDate.seconds),
            let modified = response["Last-Modified"].flatMap(HTTPDate.seconds)
        else { return false }
        return modified <= since
    }

    /// A tag without the mark of a weak one.
    private static func opaque(_ tag: Substring) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag }

    /// Whether the client's part still belongs to what is served now.
    private static func rangeApplies(_ response: HTTPHeaders, _ request: HTTPHeaders) -> Bool {
        guard let condition = request["If-Range"] else { return true }
        if condition.hasPrefix("\"") { return condition == response["ETag"] }
        guard let wanted = HTTPDate.seconds(condition) else { return false }
        return wanted == response["Last-Modified"].flatMap(HTTPDate.seconds)
    }

    enum RangeResult: Equatable {
        /// Malformed, another unit, or several ranges: served whole, as the standard allows.
        case whole
        case part(Range<Int64>)
        case unsatisfiable
    }

    static func parse(_ header: String, size: Int64) -> RangeResult {
        guard header.hasPrefix("bytes="), !header.contains(",") else { return .whole }
        let parts = HTTPText.trim(header.dropFirst(6)).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        func number(_ text: Substring) -> Int64? { text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text) : nil }
        guard parts.count == 2 else { return .whole }
        if parts[0].isEmpty {
            guard let suffix = number(parts[1]) else { return .whole }
            return suffix == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - suffix)..<size)
        }
        guard let first = number(parts[0]) else { return .whole }
        if parts[1].isEmpty { return first < size ? .part(first..<size) : .unsatisfiable }
        guard let last = number(parts[1]), last >= first else { return .whole }
        return first < size ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
    }
}
