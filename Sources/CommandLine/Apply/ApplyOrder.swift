/// Puts what others need before them: definitions, namespaces, users, profiles with their owners, members, then the rest as it stands.
enum ApplyOrder {
    static func rank(_ document: SourceDocument) -> Int {
        switch (document.apiVersion, document.kind) {
        case (_, "CustomResourceDefinition"): 0
        case ("v1", "Namespace"): 1
        case (NativeDocuments.apiVersion, "User"): 2
        case (_, "Profile"): 3
        case (NativeDocuments.apiVersion, "Member"): 4
        default: 5
        }
    }

    static func sorted(_ documents: [SourceDocument]) -> [SourceDocument] {
        documents.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    }
}
