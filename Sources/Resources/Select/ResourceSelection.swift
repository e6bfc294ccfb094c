import Core

/// The two selectors of a list, a watch or a deletion of many.
public struct ResourceSelection: Sendable {
    public var labels: LabelSelector
    public var fields: FieldSelector
    private static let maximumIndexed = 4

    public init(labels: LabelSelector = .everything, fields: FieldSelector = .everything) {
        self.labels = labels
        self.fields = fields
    }

    /// - Throws: `invalidArgument` for a field that the kind does not offer.
    public func check(_ kind: KindReference) throws(MonoflowError) {
        try fields.check(supported: Set(["metadata.name", "metadata.namespace"] + kind.version.selectableFields))
    }

    public func matches(_ object: Selectable, _ key: ResourceKey) -> Bool {
        labels.matches(object.labels) && fields.matches { field in
            switch field {
            case "metadata.name": key.name
            case "metadata.namespace": key.namespace
            default: object.fields[field]
            }
        }
    }

    /// What to list; the index decides what it can.
    public func query(_ kind: KindReference, namespace: String?) -> ResourceQuery {
        var query = ResourceQuery(kind: kind.key, namespace: namespace ?? fields.required("metadata.namespace"))
        // Few of many, so that there are few kinds of statements.
        let indexed = labels.indexable.prefix(Self.maximumIndexed)
        query.labels = indexed.map { .init(key: $0.key, values: $0.values) }
        query.name = fields.required("metadata.name")
        let others = fields.requirements.filter { !$0.isEqual || !["metadata.name", "metadata.namespace"].contains($0.field) }
        // Two different names, or namespaces, are none.
        let isContrary = fields.requirements.contains { $0.isEqual && fields.required($0.field) != $0.value }
            || namespace != nil && fields.required("metadata.namespace") ?? namespace != namespace
        let remainder = LabelSelector(requirements: labels.remainder.requirements + labels.indexable.dropFirst(Self.maximumIndexed))
        let rest = ResourceSelection(labels: remainder, fields: isContrary ? fields : FieldSelector(requirements: others))
        if !rest.labels.isEmpty || !rest.fields.isEmpty {
            let definition = kind.definition
            query.matches = { rest.matches(definition.selectable(try JSONParser.parse($0.document)), $0.key) }
        }
        return query
    }

    public func filter(_ kind: KindReference, namespace: String?) -> WatchFilter {
        var filter = WatchFilter(kind: kind.key, namespace: namespace ?? fields.required("metadata.namespace"), name: fields.required("metadata.name"))
        if !labels.isEmpty || !fields.isEmpty { filter.matches = { object, key in self.matches(object, key) } }
        return filter
    }
}
