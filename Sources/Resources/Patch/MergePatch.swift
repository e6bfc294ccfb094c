import Core
import OrderedCollections

/// JSON Merge Patch (RFC 7386).
public enum MergePatch {
    /// The document with the patch merged into it: objects member by member, `null` removes, anything else replaces.
    /// Keys that stay keep their order, new ones follow in the order of the patch.
    public static func apply(_ patch: JSON, to document: JSON) -> JSON {
        var result = document
        merge(patch, into: &result)
        return result
    }

    private static func merge(_ patch: JSON, into target: inout JSON) {
        guard case .object(let changes) = patch else {
            target = patch
            return
        }
        var object = target.takeObject() ?? [:]
        var removes = false
        for (key, change) in changes {
            if case .null = change {
                removes = removes || object.index(forKey: key) != nil
            } else if let place = object.index(forKey: key) {
                merge(change, into: &object.values[place])
            } else {
                var added = JSON.null
                merge(change, into: &added)
                object[key] = added
            }
        }
        // One pass for all of them: each removal moves what follows.
        if removes {
            object.removeAll { key, _ in
                if case .null? = changes[key] { true } else { false }
            }
        }
        target = .object(object)
    }
}
