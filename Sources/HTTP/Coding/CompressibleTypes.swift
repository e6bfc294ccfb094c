/// Which media types are text enough to be worth compressing.
enum CompressibleTypes {
    private static let names: Set<String> = [
        "application/json", "application/javascript", "application/xml", "application/yaml", "application/x-yaml", "application/x-ndjson",
        "application/openmetrics-text", "application/wasm", "application/toml", "image/svg+xml",
    ]

    /// - Parameter contentType: with or without parameters; nil, a body without a type, is not.
    ///
    /// Event streams are left as they are: an event gains little alone, and a compressor would be held for each of many
    /// watchers that live for hours.
    static func contains(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        let type = HTTPText.trim(contentType.prefix { $0 != ";" }).lowercased()
        if type.hasPrefix("text/") { return type != "text/event-stream" }
        return names.contains(type) || type.hasSuffix("+json") || type.hasSuffix("+xml") || type.hasSuffix("+yaml")
    }
}
