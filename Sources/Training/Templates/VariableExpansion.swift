/// `$(NAME)` in a pod's texts, as Kubernetes has it: names that are not known stay as they are, and `$$` is one `$`.
enum VariableExpansion {
    static func expand(_ text: String, _ value: (String) -> String?) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var out: [UInt8] = [], rest = text.utf8[...]
        let dollar = UInt8(ascii: "$")
        while let byte = rest.popFirst() {
            guard byte == dollar, let next = rest.first else {
                out.append(byte)
                continue
            }
            if next == dollar {
                rest.removeFirst()
                out.append(dollar)
            } else if next == UInt8(ascii: "("), let end = rest.firstIndex(of: UInt8(ascii: ")")) {
                let name = String(decoding: rest[rest.index(after: rest.startIndex)..<end], as: UTF8.self)
                out += Array((value(name) ?? "$(\(name))").utf8)
                rest = rest[rest.index(after: end)...]
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
