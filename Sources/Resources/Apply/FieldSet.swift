import Core

/// A set of field paths as Kubernetes' managed fields know them: a tree of path elements. A node that is a *member* is in the set itself;
/// a node that is none only leads to members below it. A *leaf* is a member with nothing below. Every operation goes once over both trees.
public struct FieldSet: Sendable, Hashable {
    public typealias Path = [PathElement]

    /// What lies deeper in a document is owned as a whole with the node at this depth, so that a set never nests deeper than its own JSON may.
    public static let maximumDepth = 120
    /// Nodes that a set read from a document may have.
    public static let maximumNodes = 500_000

    public struct Node: Sendable, Hashable {
        public let element: PathElement
        public internal(set) var isMember: Bool
        public internal(set) var below: FieldSet

        init(_ element: PathElement, isMember: Bool, below: FieldSet = FieldSet()) {
            self.element = element
            self.isMember = isMember
            self.below = below
        }

        var isEmpty: Bool { !isMember && below.nodes.isEmpty }
    }

    /// In the order of their elements, each element once, none of them empty.
    public internal(set) var nodes: [Node]

    public init() { nodes = [] }

    public init(_ paths: some Sequence<Path>) {
        self.init()
        for path in paths { insert(path) }
    }

    /// Takes nodes in any order; those of one element are joined.
    init(unordered nodes: [Node]) {
        self.nodes = nodes
        let isOrdered = zip(nodes, nodes.dropFirst()).allSatisfy { $0.element < $1.element }
        if isOrdered { return }
        self.nodes.sort { $0.element < $1.element }
        var joined: [Node] = []
        joined.reserveCapacity(nodes.count)
        for node in self.nodes {
            if let last = joined.last, last.element == node.element {
                joined[joined.count - 1].isMember = last.isMember || node.isMember
                joined[joined.count - 1].below = last.below.union(node.below)
            } else {
                joined.append(node)
            }
        }
        self.nodes = joined
    }

    init(ordered nodes: [Node]) { self.nodes = nodes }

    public var isEmpty: Bool { nodes.isEmpty }

    /// How many members it has.
    public var count: Int { nodes.reduce(0) { $0 + ($1.isMember ? 1 : 0) + $1.below.count } }

    /// The position of the element's node, or where it would stand.
    private func position(_ element: PathElement) -> (index: Int, isThere: Bool) {
        var low = 0, high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].element < element { low = middle + 1 } else { high = middle }
        }
        return (low, low < nodes.count && nodes[low].element == element)
    }

    public func node(_ element: PathElement) -> Node? {
        let (index, isThere) = position(element)
        return isThere ? nodes[index] : nil
    }

    /// Whether the path itself is a member.
    public func contains(_ path: Path) -> Bool {
        var set = self
        for (index, element) in path.enumerated() {
            guard let node = set.node(element) else { return false }
            if index == path.count - 1 { return node.isMember }
            set = node.below
        }
        return false
    }

    public mutating func insert(_ path: Path) { insert(path[...]) }

    private mutating func insert(_ path: ArraySlice<PathElement>) {
        guard let first = path.first else { return }
        let (index, isThere) = position(first)
        if !isThere { nodes.insert(Node(first, isMember: false), at: index) }
        if path.count == 1 { nodes[index].isMember = true } else { nodes[index].below.insert(path.dropFirst()) }
    }

    /// Every member's path, parents first.
    public var paths: [Path] {
        var result: [Path] = []
        collect(into: &result, below: [], leavesOnly: false)
        return result
    }

    /// The members with nothing below them.
    public var leaves: [Path] {
        var result: [Path] = []
        collect(into: &result, below: [], leavesOnly: true)
        return result
    }

    private func collect(into result: inout [Path], below prefix: Path, leavesOnly: Bool) {
        for node in nodes {
            let path = prefix + [node.element]
            if node.isMember && !(leavesOnly && !node.below.isEmpty) { result.append(path) }
            node.below.collect(into: &result, below: path, leavesOnly: leavesOnly)
        }
    }

    /// A path as Kubernetes writes it in messages: `.spec.containers[name="a"].image`.
    public static func text(_ path: Path) -> String { path.map(\.description).joined() }
}
