/// Where a browser goes on after it signed in: a place on this server and nowhere else.
public enum ReturnPath {
    public static let home = "/"
    private static let longest = 2048

    /// The path as it was given where it surely stays on this origin, else `home`. Browsers drop tabs and line ends from URLs, take `\`
    /// for `/` and `//host` for another origin (WHATWG URL Standard, section 4.4).
    public static func checked(_ path: String?) -> String {
        guard let path, path.utf8.count <= longest, path.hasPrefix("/"), !path.hasPrefix("//"), !path.hasPrefix("/api/"),
            path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") })
        else { return home }
        return path
    }
}
