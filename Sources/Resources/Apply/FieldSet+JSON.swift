import Core
import OrderedCollections

// `fieldsV1`: an object per node whose keys are the path elements below; a member that has something below also has the key ".".
extension FieldSet {
    /// The set as `fieldsV1`, its keys in order.
    public var json: JSON {
        .object(JSONObject(uncheckedUniqueKeysWithValues: nodes.map { ($0.element.text, $0.json) }))
    }

    /// Reads `fieldsV1`.
    /// - Throws: `MonoflowError.invalidArgument` whose subject is the path of keys where it is wrong.
    public init(json: JSON) throws(MonoflowError) {
        var budget = Self.maximumNodes
        self = try Self.read(json, depth: 0, budget: &budget).set
    }

    private static func error(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "read managed fields", "fieldsV1", message) }

    private static func read(_ json: JSON, depth: Int, budget: inout Int) throws(MonoflowError) -> (set: FieldSet, isMember: Bool) {
        guard case .object(let object) = json else { throw error("expected an object, got \(json.kindName)") }
        if object.isEmpty { return (FieldSet(), depth > 0) }
        if depth > maximumDepth { throw error("nested deeper than \(maximumDepth) levels") }
        var nodes: [Node] = []
        nodes.reserveCapacity(object.count)
        var isMember = false
        for (key, value) in object {
            if key == "." {
                guard case .object(let object) = value, object.isEmpty else { throw error("the value of \".\" must be an empty object") }
                isMember = true
                continue
            }
            budget -= 1
            if budget < 0 { throw error("more than \(maximumNodes) fields") }
            guard let element = PathElement(text: key) else {
                throw error("\"\(key.prefix(80))\" is no path element (f:NAME, k:{KEYS}, v:VALUE, i:INDEX)")
            }
            do {
                let (below, isMember) = try read(value, depth: depth + 1, budget: &budget)
                nodes.append(Node(element, isMember: isMember, below: below))
            } catch {
                throw MonoflowError(error.code, error.operation, "fieldsV1." + key.prefix(80) + error.subject.dropFirst("fieldsV1".count), error.message)
            }
        }
        return (FieldSet(unordered: nodes), isMember)
    }
}

extension FieldSet.Node {
    fileprivate var json: JSON {
        if below.isEmpty { return .object([:]) }
        if !isMember { return below.json }
        var object = JSONObject(minimumCapacity: below.nodes.count + 1)
        object["."] = .object([:])
        for node in below.nodes { object[node.element.text] = node.json }
        return .object(object)
    }
}
