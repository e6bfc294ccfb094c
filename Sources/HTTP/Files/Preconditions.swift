import Core

/// Conditional and range requests (RFC 9110, sections 13 and 14), as pure rules over a request and its response.
enum Preconditions {
    /// The response with what the request's conditional fields, `Range` and `If-Range` make of it,
    /// and the part of a file body to send.
    static func apply(_ response: HTTPResponse, to request: HTTPRequest) -> (response: HTTPResponse, part: Range<Int64>?) {
        var response = response
        var size: Int64?
        if case .file(let file) = response.body { size = file.size }
        let whole = size.map { 0..<$0 }
        guard response.status == .ok, request.method == .get || request.method == .head else { return (response, whole) }
        switch outcome(response.headers, request.headers) {
        case .proceed: break
        case .notModified:
            response.status = .notModified
            response.body = .none
            response.headers.remove("Content-Type")
            return (response, nil)
        case .failed:
            let error = MonoflowError(
                .failedPrecondition, "\(request.method.rawValue) \(request.rawPath)", "", "it is not what If-Match or If-Unmodified-Since asks for")
            return (HTTPResponse.json(HTTPErrorTable.body(error), status: .preconditionFailed), nil)
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

    enum Outcome {
        case proceed
        /// 304.
        case notModified
        /// 412.
        case failed
    }

    /// In the order of RFC 9110, section 13.2.2; entity tags go before dates, and what cannot be read is left out of account.
    /// - Parameter response: the header fields of a successful answer to GET or HEAD.
    static func outcome(_ response: HTTPHeaders, _ request: HTTPHeaders) -> Outcome {
        let tag = response["ETag"].flatMap { EntityTag($0) }
        let modified = response["Last-Modified"].flatMap(HTTPDate.seconds)
        if let wanted = EntityTag.list(request.values("If-Match")) {
            if case .tags(let tags) = wanted, !tags.contains(where: { tag?.matchesStrongly($0) == true }) { return .failed }
        } else if let since = request["If-Unmodified-Since"].flatMap(HTTPDate.seconds), let modified, modified > since {
            return .failed
        }
        if let known = EntityTag.list(request.values("If-None-Match")) {
            guard case .tags(let tags) = known else { return .notModified }
            return tags.contains { tag?.matchesWeakly($0) == true } ? .notModified : .proceed
        }
        guard let since = request["If-Modified-Since"].flatMap(HTTPDate.seconds), let modified else { return .proceed }
        return modified <= since ? .notModified : .proceed
    }

    /// Whether the client's part still belongs to what is served now.
    private static func rangeApplies(_ response: HTTPHeaders, _ request: HTTPHeaders) -> Bool {
        guard let condition = request["If-Range"] else { return true }
        if let wanted = EntityTag(condition) { return response["ETag"].flatMap { EntityTag($0) }?.matchesStrongly(wanted) == true }
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
