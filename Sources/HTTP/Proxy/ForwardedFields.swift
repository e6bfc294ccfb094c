/// What a proxy tells the server about the client: `Forwarded` (RFC 7239) and the older `X-Forwarded-…`.
struct ForwardedFields {
    /// All that say something of the kind, in lower case.
    static let names = [
        "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-server", "x-forwarded-ssl",
        "x-forwarded-scheme", "x-forwarded-by", "x-real-ip", "x-client-ip",
    ]

    /// Numeric address; nil where the client came over a Unix socket.
    let address: String?
    let scheme: String
    let host: String?

    init(_ request: HTTPRequest) {
        address = request.peer == "unix" ? nil : request.peer
        scheme = request.isSecure ? "https" : "http"
        host = request.headers["Host"]
    }

    /// Adds to what is there. - Parameter headers: less `names` where the client is not trusted.
    func add(to headers: inout HTTPHeaders) {
        headers["Forwarded"] = Self.list(headers.values("Forwarded"), element)
        if let address { headers["X-Forwarded-For"] = Self.list(headers.values("X-Forwarded-For"), address) }
        if !headers.contains("X-Forwarded-Proto") { headers.add("X-Forwarded-Proto", scheme) }
        if let host, !headers.contains("X-Forwarded-Host") { headers.add("X-Forwarded-Host", host) }
    }

    private static func list(_ before: [String], _ last: String) -> String { (before.filter { !$0.isEmpty } + [last]).joined(separator: ", ") }

    /// This hop's element. An IPv6 address stands in brackets, and so in quotes.
    var element: String {
        var node = "unknown"
        if let address { node = address.contains(":") ? "[\(address)]" : address }
        var text = "for=" + Self.value(node)
        if let host { text += ";host=" + Self.value(host) }
        return text + ";proto=" + scheme
    }

    /// A token as it is, anything else as a quoted string.
    static func value(_ text: String) -> String {
        if HTTPText.isToken(text.utf8) { return text }
        var quoted = "\""
        for character in text {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "\""
    }
}
