/// Which fields of a message a proxy passes on (RFC 9110, section 7.6.1).
struct EndToEndFields {
    /// For one connection only, whatever `Connection` says. `TE` is among them, and `Trailer` is not.
    private static let ofConnection = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "proxy-authentication-info", "te",
        "transfer-encoding", "upgrade", "content-length", "expect",
    ]
    /// What a `Connection` field must not take away: the proxy itself writes or needs them.
    private static let kept: Set<String> = ["host", "close", "te"]

    private var dropped = Self.ofConnection

    /// - Parameter headers: whose `Connection` lists further fields that end here.
    init(_ headers: HTTPHeaders) {
        for value in headers.values("Connection") {
            for word in value.split(separator: ",") {
                let name = HTTPText.trim(word).lowercased()
                if !Self.kept.contains(name) { dropped.append(name) }
            }
        }
    }

    /// - Parameter names: in lower case.
    mutating func drop(_ names: [String]) { dropped += names }

    func of(_ headers: HTTPHeaders) -> HTTPHeaders {
        var passed = HTTPHeaders()
        headers.withFields { name, value in
            for word in dropped where word.utf8.count == name.count && HTTPText.equalIgnoringCase(name, word.utf8) { return }
            passed.append(checkedName: name, checkedValue: value)
        }
        return passed
    }
}
