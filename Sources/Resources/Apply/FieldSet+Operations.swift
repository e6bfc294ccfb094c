extension FieldSet {
    /// Goes over two sets' nodes in their common order. The result is in order, and empty nodes are left out.
    private func joined(_ other: FieldSet, _ join: (Node?, Node?) -> Node?) -> FieldSet {
        var result: [Node] = []
        result.reserveCapacity(Swift.max(nodes.count, other.nodes.count))
        var i = 0, j = 0
        while i < nodes.count || j < other.nodes.count {
            let joined: Node?
            if j == other.nodes.count || i < nodes.count && nodes[i].element < other.nodes[j].element {
                joined = join(nodes[i], nil)
                i += 1
            } else if i == nodes.count || other.nodes[j].element < nodes[i].element {
                joined = join(nil, other.nodes[j])
                j += 1
            } else {
                joined = join(nodes[i], other.nodes[j])
                i += 1
                j += 1
            }
            if let joined, !joined.isEmpty { result.append(joined) }
        }
        return FieldSet(ordered: result)
    }

    /// The members of either.
    public func union(_ other: FieldSet) -> FieldSet {
        if other.isEmpty { return self }
        if isEmpty { return other }
        return joined(other) { a, b in
            guard let a, let b else { return a ?? b }
            return Node(a.element, isMember: a.isMember || b.isMember, below: a.below.union(b.below))
        }
    }

    /// The members that the other does not have.
    public func subtracting(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return self }
        return joined(other) { a, b in
            guard let a, let b else { return a }
            return Node(a.element, isMember: a.isMember && !b.isMember, below: a.below.subtracting(b.below))
        }
    }

    /// The members that both have.
    public func intersection(_ other: FieldSet) -> FieldSet {
        if isEmpty || other.isEmpty { return FieldSet() }
        return joined(other) { a, b in
            guard let a, let b else { return nil }
            return Node(a.element, isMember: a.isMember && b.isMember, below: a.below.intersection(b.below))
        }
    }

    /// Without the members of `roots` and everything below them.
    public func subtractingTrees(_ roots: FieldSet) -> FieldSet {
        if isEmpty || roots.isEmpty { return self }
        return joined(roots) { a, root in
            guard let a, let root else { return a }
            return root.isMember ? nil : Node(a.element, isMember: a.isMember, below: a.below.subtractingTrees(root.below))
        }
    }

    /// The members of `roots` that this has, with everything below them.
    public func intersectionTrees(_ roots: FieldSet) -> FieldSet {
        if isEmpty || roots.isEmpty { return FieldSet() }
        return joined(roots) { a, root in
            guard let a, let root else { return nil }
            return root.isMember ? a : Node(a.element, isMember: false, below: a.below.intersectionTrees(root.below))
        }
    }
}
