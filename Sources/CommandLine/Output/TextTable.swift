/// Columns of text, aligned, with three blanks between them.
struct TextTable: Sendable {
    private(set) var rows: [[String]] = []
    private(set) var widths: [Int] = []

    init(_ titles: [String]? = nil) { if let titles { add(titles) } }

    mutating func add(_ cells: [String]) {
        let cells = cells.map(Self.plain)
        for (index, cell) in cells.enumerated() {
            if index == widths.count { widths.append(0) }
            widths[index] = max(widths[index], cell.count)
        }
        rows.append(cells)
    }

    /// The lines of what was added since the last call.
    mutating func render() -> String {
        var out = ""
        for row in rows {
            var line = ""
            for (index, cell) in row.enumerated() {
                line += cell
                if index < row.count - 1 { line += String(repeating: " ", count: widths[index] - cell.count + 3) }
            }
            while line.last == " " { line.removeLast() }
            out += line + "\n"
        }
        rows = []
        return out
    }

    /// Names and messages come from others: what would move a terminal's cursor is shown as `?`, an end of line as a blank.
    static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { out.append(!isControl(scalar) ? scalar : scalar == "\n" || scalar == "\t" ? " " : "?") }
        return String(out)
    }

    static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 32 || (127..<160).contains(scalar.value) }
}
