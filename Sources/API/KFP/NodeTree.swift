import Pipelines

/// The tree of a run's nodes, as both KFP versions show it.
enum NodeTree {
    /// Ids of the children by id of the parent, in the order of the nodes.
    static func children(of nodes: [RunNode]) -> [String: [String]] {
        var children: [String: [String]] = [:]
        for node in nodes { if let parent = node.parentID { children[parent, default: []].append(node.id) } }
        return children
    }
}
