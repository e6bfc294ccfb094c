/// Takes cookies out of what passes a proxy.
extension ProxyOptions.Cookies {
    /// Out of a request's `Cookie` fields.
    func filter(request headers: inout HTTPHeaders) {
        switch self {
        case .all: return
        case .none: headers.remove("Cookie")
        case .allBut(let names):
            let lines = headers.values("Cookie")
            if lines.isEmpty { return }
            var kept: [String] = []
            for line in lines {
                for pair in line.split(separator: ";") {
                    let pair = HTTPText.trim(pair)
                    if !pair.isEmpty && !names.contains(Self.name(pair)) { kept.append(String(pair)) }
                }
            }
            headers["Cookie"] = kept.isEmpty ? nil : kept.joined(separator: "; ")
        }
    }

    /// Out of a response's `Set-Cookie` fields, so that a server cannot set what it must not see.
    func filter(response headers: inout HTTPHeaders) {
        switch self {
        case .all: return
        case .none: headers.remove("Set-Cookie")
        case .allBut(let names):
            let lines = headers.values("Set-Cookie")
            let kept = lines.filter { !names.contains(Self.name(HTTPText.trim($0.prefix { $0 != ";" }))) }
            if kept.count == lines.count { return }
            headers.remove("Set-Cookie")
            for line in kept { headers.add("Set-Cookie", line) }
        }
    }

    /// Of `name=value`; browsers take a pair without `=` for a value without a name.
    private static func name(_ pair: Substring) -> String {
        guard let equals = pair.firstIndex(of: "=") else { return "" }
        return String(HTTPText.trim(pair[..<equals]))
    }
}
