/// A router made ready for matching: a tree over path segments.
final class RouteTable: Sendable {
    /// A class, so that a match hands on one reference.
    final class Entry: Sendable {
        let route: Route
        /// The route's place in the order of registration.
        let index: Int
        let names: [String]
        let handler: HTTPHandler

        init(route: Route, index: Int, names: [String], handler: HTTPHandler) {
            (self.route, self.index, self.names, self.handler) = (route, index, names, handler)
        }
    }

    enum Match {
        case found(Entry, parameters: [(name: String, value: String)])
        case methodNotAllowed(allow: [HTTPMethod])
        case notFound
        /// A broken percent escape.
        case malformed
    }

    private struct Node: Sendable {
        var literals: [String: Node] = [:]
        /// The most specific first.
        var parameters: [(prefix: String, suffix: String, node: Node)] = []
        var rest: [HTTPMethod: Entry] = [:]
        var entries: [HTTPMethod: Entry] = [:]

        mutating func insert(_ segments: ArraySlice<RoutePattern.Segment>, _ entry: Entry) {
            guard let first = segments.first else {
                let old = entries.updateValue(entry, forKey: entry.route.method)
                precondition(old == nil, "route \(entry.route.method.rawValue) \(entry.route.pattern) is registered twice")
                return
            }
            switch first {
            case .literal(let text): literals[text, default: Node()].insert(segments.dropFirst(), entry)
            case .rest:
                let old = rest.updateValue(entry, forKey: entry.route.method)
                precondition(old == nil, "route \(entry.route.method.rawValue) \(entry.route.pattern) is registered twice")
            case .parameter(let prefix, let suffix):
                var index = parameters.firstIndex { $0.prefix == prefix && $0.suffix == suffix }
                if index == nil {
                    let weight = prefix.utf8.count + suffix.utf8.count
                    index = parameters.firstIndex { $0.prefix.utf8.count + $0.suffix.utf8.count < weight } ?? parameters.count
                    parameters.insert((prefix, suffix, Node()), at: index ?? 0)
                }
                if let index { parameters[index].node.insert(segments.dropFirst(), entry) }
            }
        }
    }

    private let root: Node
    /// The patterns without parameters by path: most requests need no walk of the tree.
    private let exact: [String: [HTTPMethod: Entry]]
    let fallback: HTTPHandler?

    init(_ router: Router) {
        var root = Node(), exact: [String: [HTTPMethod: Entry]] = [:]
        for (index, (route, handler)) in router.routes.enumerated() {
            let pattern = RoutePattern(route.pattern)
            let wrapped = router.wrappers.reversed().reduce(handler) { $1(route, $0) }
            let entry = Entry(route: route, index: index, names: pattern.names, handler: wrapped)
            root.insert(pattern.segments[...], entry)
            if pattern.names.isEmpty { exact[route.pattern, default: [:]][route.method] = entry }
        }
        self.root = root
        self.exact = exact
        fallback = router.fallback
    }

    /// - Parameter target: raw, with its query.
    func match(_ method: HTTPMethod, _ target: String) -> Match {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?"))
        if let entry = exact[mark.map { String(target[..<$0]) } ?? target]?[method] { return .found(entry, parameters: []) }
        let path = target[..<(mark ?? target.endIndex)]
        guard path.utf8.first == UInt8(ascii: "/") else { return .notFound }
        var segments: [String] = []
        if path.utf8.count > 1 {
            for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                guard let segment = HTTPText.percentDecoded(part) else { return .malformed }
                segments.append(segment)
            }
        }
        var search = Search(method: method, segments: segments)
        if let entry = search.visit(root, 0) {
            return .found(entry, parameters: Array(zip(entry.names, search.values).map { (name: $0, value: $1) }))
        }
        if search.allowed.isEmpty { return .notFound }
        if search.allowed.contains(.get) { search.allowed.insert(.head) }
        return .methodNotAllowed(allow: HTTPMethod.allCases.filter(search.allowed.contains))
    }

    private struct Search {
        let method: HTTPMethod
        let segments: [String]
        var values: [String] = []
        var allowed: Set<HTTPMethod> = []

        mutating func visit(_ node: Node, _ depth: Int) -> Entry? {
            if depth == segments.count {
                if let entry = pick(node.entries) { return entry }
            } else {
                let segment = segments[depth]
                if let next = node.literals[segment], let entry = visit(next, depth + 1) { return entry }
                for (prefix, suffix, next) in node.parameters {
                    guard let value = Self.parameter(segment, prefix, suffix) else { continue }
                    values.append(value)
                    if let entry = visit(next, depth + 1) { return entry }
                    values.removeLast()
                }
            }
            if let entry = pick(node.rest) {
                values.append(segments[depth...].joined(separator: "/"))
                return entry
            }
            return nil
        }

        /// The part between prefix and suffix. Before a verb (`:terminate`) it holds no colon.
        private static func parameter(_ segment: String, _ prefix: String, _ suffix: String) -> String? {
            let utf8 = segment.utf8
            if prefix.isEmpty && suffix.isEmpty { return utf8.isEmpty ? nil : segment }
            guard utf8.count > prefix.utf8.count + suffix.utf8.count else { return nil }
            guard segment.hasPrefix(prefix), segment.hasSuffix(suffix) else { return nil }
            let value = String(segment.dropFirst(prefix.count).dropLast(suffix.count))
            return suffix.hasPrefix(":") && value.contains(":") ? nil : value
        }

        private mutating func pick(_ entries: [HTTPMethod: Entry]) -> Entry? {
            if entries.isEmpty { return nil }
            if let entry = entries[method] ?? (method == .head ? entries[.get] : nil) { return entry }
            allowed.formUnion(entries.keys)
            return nil
        }
    }
}
