import Core
import Database
import GRDB
import Logging

/// The rules of CustomResourceDefinitions: what is in the store is served.
struct CustomKindRules: KindRules {
    static let kind = "customresourcedefinitions.apiextensions.k8s.io"
    /// Keeps a definition until its objects are gone.
    static let finalizer = "customresourcecleanup.apiextensions.k8s.io"

    let kinds: KindRegistry
    let clock: WallClock
    let collector: GarbageQueue

    /// Serves what earlier processes stored.
    func load(_ database: MetadataDatabase, _ logger: Logger) throws(MonoflowError) {
        let stored = try database.readBlocking { try ResourceStore.list($0, ResourceQuery(kind: Self.kind)).items }
        var documents: [(JSON, Int64)] = []
        for resource in stored { documents.append((try JSONParser.parse(resource.document), resource.version)) }
        // Who had a name has it still.
        for (document, version) in documents.filter({ Self.isAccepted($0.0) }) + documents.filter({ !Self.isAccepted($0.0) }) {
            do { try kinds.serve(try Self.definition(document), version: version) } catch {
                logger.warning("the kind \(document.metadataText("name") ?? "") is not served: \(error)")
            }
        }
    }

    private static func definition(_ document: JSON) throws(FieldErrors) -> KindDefinition {
        var definition = try CustomKindReader.read(document)
        definition.isTerminating = document.isBeingDeleted
        return definition
    }

    static func isAccepted(_ document: JSON) -> Bool { condition("NamesAccepted", of: document["status"])?["status"] == "True" }

    private static func condition(_ type: String, of status: JSON?) -> JSON? {
        status?["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
    }

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        guard change.operation != .remove, change.subresource == nil else { return }
        if change.new.isBeingDeleted {
            if change.old?.isBeingDeleted == false { beginDeletion(&change.new) }
            return
        }
        guard let definition = try? CustomKindReader.read(change.new) else { return }
        let conflict = kinds.current.conflict(of: definition)
        change.new["status"] = Self.status(definition, conflict, names: change.new["spec"]?["names"] ?? [:], before: change.old?["status"], now: clock.now())
    }

    private func beginDeletion(_ document: inout JSON) {
        if !document.finalizers.contains(Self.finalizer) { document.setFinalizers(document.finalizers + [Self.finalizer]) }
        let others = document["status"]?["conditions"]?.arrayValue?.filter { $0["type"] != "Terminating" } ?? []
        var status = document["status"] ?? [:]
        status["conditions"] = .array(others + [[
            "type": "Terminating", "status": "True", "reason": "InstanceDeletionPending",
            "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", "lastTransitionTime": .string(clock.now().rfc3339()),
        ]])
        document["status"] = status
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        var errors = change.old.map { Self.immutable(change.new, over: $0) } ?? []
        let path = FieldPath().field("status").field("storedVersions")
        let names = Set(change.new["spec"]?["versions"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? [])
        for (index, version) in (change.new["status"]?["storedVersions"]?.arrayValue ?? []).enumerated() where !names.contains(version.stringValue ?? "") {
            errors.append(.invalid(path.index(index), version, "must appear in spec.versions"))
        }
        if change.subresource != nil { return errors }
        do {
            _ = try CustomKindReader.read(change.new)
            return errors
        } catch {
            return errors + error.list
        }
    }

    /// What objects that may be there depend on.
    private static func immutable(_ new: JSON, over old: JSON) -> [FieldError] {
        guard condition("Established", of: old["status"])?["status"] == "True" else { return [] }
        return [["scope"], ["names", "kind"]].compactMap { steps in
            let before = steps.reduce(old["spec"]) { $0?[$1] }, after = steps.reduce(new["spec"]) { $0?[$1] }
            if before == after { return nil }
            return .invalid(steps.reduce(FieldPath().field("spec")) { $0.field($1) }, after ?? .null, "field is immutable")
        }
    }

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        // Looked at where nobody can add one any more.
        guard change.operation == .remove, let uid = change.new.metadataText("uid"), kinds.definition(change.key.name)?.origin == .custom(uid: uid),
            try ResourceStore.exists(db, kind: change.key.name)
        else { return }
        throw MonoflowError(
            .conflict, "delete \(Self.kind)", change.key.name, "there are objects of the kind", hint: "delete them, or take away the finalizers that hold them")
    }

    func committed(_ change: ResourceChange) async {
        guard let version = change.new.metadataText("resourceVersion").flatMap({ Int64($0) }) else { return }
        if change.operation == .remove {
            kinds.withdraw(change.key.name, uid: change.new.metadataText("uid") ?? "", version: version)
            // Its names are free for others.
            collector.definitionsChanged()
        } else if let definition = try? Self.definition(change.new) {
            do { try kinds.serve(definition, version: version) } catch {
                // Another came in between where the definition says that it has its names.
                if Self.isAccepted(change.new) { collector.definitionsChanged() }
            }
        }
    }

    /// Names are taken and served at once, so the conditions are there with the object.
    static func status(_ definition: KindDefinition, _ conflict: KindTable.NameConflict?, names: JSON, before: JSON?, now: Timestamp) -> JSON {
        func condition(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) -> JSON {
            let old = Self.condition(type, of: before)
            let status = isTrue ? "True" : "False"
            let time = old?["status"]?.stringValue == status ? old?["lastTransitionTime"] : nil
            return [
                "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
                "lastTransitionTime": time ?? .string(now.rfc3339()),
            ]
        }
        var accepted = names
        accepted["singular"] = .string(definition.singular)
        accepted["listKind"] = .string(definition.listKind)
        let stored = definition.storedVersion?.name ?? ""
        var versions = before?["storedVersions"]?.arrayValue ?? []
        if !versions.contains(.string(stored)) { versions.append(.string(stored)) }
        // A kind that was served goes on, under the names that it had.
        let isEstablished = conflict == nil || Self.condition("Established", of: before)?["status"] == "True"
        return .make([
            "conditions": [
                condition("NamesAccepted", conflict == nil, conflict?.reason ?? "NoConflicts", conflict?.message ?? "no conflicts found"),
                condition(
                    "Established", isEstablished, isEstablished ? "InitialNamesAccepted" : "NotAccepted",
                    isEstablished ? "the initial names have been accepted" : "not all names are accepted"),
            ],
            "acceptedNames": conflict == nil ? accepted : before?["acceptedNames"],
            "storedVersions": .array(versions),
        ])
    }
}
