import Core
import OrderedCollections
import Resources
import Tasks

extension PodReader {
    mutating func readVolumes() {
        var volumes: [String: (JSON, FieldPath)] = [:]
        for (index, volume) in (spec["volumes"]?.arrayValue ?? []).enumerated() {
            let path = specPath.field("volumes").index(index), name = volume["name"]?.stringValue ?? ""
            if volumes.updateValue((volume, path), forKey: name) != nil { errors.append(.duplicate(path.field("name"), .string(name))) }
        }
        var used: Set<String> = [], mounts: [Mount] = []
        for (index, item) in (container["volumeMounts"]?.arrayValue ?? []).enumerated() {
            let path = containerPath.field("volumeMounts").index(index), name = item["name"]?.stringValue ?? ""
            guard let (volume, place) = volumes[name] else {
                errors.append(FieldError(path.field("name"), .invalid, "Not found: \"\(name)\""))
                continue
            }
            used.insert(name)
            if let mount = readMount(item, at: path) { mounts.append(mount); read(volume, at: place, mount) }
        }
        // What nobody mounts is read all the same: an error in it is one.
        for (name, (volume, place)) in volumes.sorted(by: { $0.key < $1.key }) where !used.contains(name) {
            let kept = (task, references)
            read(volume, at: place, Mount(path: "/unused", subPath: nil, isReadOnly: true, place: place))
            (task, references) = kept
        }
        for mount in mounts {
            if let outer = references.mounts.first(where: { mount.path != $0.path && MountPath.isInside(mount.path, $0.path) }) {
                refuse(mount.place.field("mountPath"), "\(mount.path) lies inside the volume at \(outer.path)")
            }
        }
        references.mounts.sort { $0.path < $1.path }
    }

    struct Mount {
        var path: String
        var subPath: String?
        var isReadOnly: Bool
        var place: FieldPath
    }

    private mutating func readMount(_ item: JSON, at path: FieldPath) -> Mount? {
        for field in ["subPathExpr", "mountPropagation"] where !PodFields.isUnset(item[field] ?? .null) && item[field] != "None" {
            refuse(path.field(field), "this field is not supported")
        }
        let target = item["mountPath"]?.stringValue ?? ""
        guard let clean = MountPath.normalized(target) else {
            errors.append(.invalid(path.field("mountPath"), .string(target), "must be an absolute path without `..`, and not the root"))
            return nil
        }
        var mount = Mount(path: clean, isReadOnly: item["readOnly"]?.boolValue ?? false, place: path)
        if let part = item["subPath"]?.stringValue, !part.isEmpty {
            guard let relative = MountPath.relative(part) else {
                errors.append(.invalid(path.field("subPath"), .string(part), "must be a relative path without `..`"))
                return nil
            }
            mount.subPath = relative
        }
        return mount
    }

    private mutating func read(_ volume: JSON, at path: FieldPath, _ mount: Mount) {
        let sources = (volume.objectValue ?? [:]).filter { $0.key != "name" && !$0.value.isNull }
        // A volume that names nothing is an empty directory.
        let kind = sources.keys.first ?? "emptyDir", source = sources.values.first ?? [:]
        if sources.count > 1 { errors.append(.forbidden(path, "may not specify more than 1 volume type")) }
        let place = path.field(kind)
        switch kind {
        case "emptyDir":
            // This one every task has.
            if mount.path != "/dev/shm" { task.inputs.append(InputFile(path: mount.path, source: .directory)) }
            let name = volume["name"]?.stringValue ?? ""
            let times = (container["volumeMounts"]?.arrayValue ?? []).count { $0["name"]?.stringValue == name }
            if times > 1 { refuse(mount.place.field("name"), "an emptyDir is mounted once") }
        case "configMap", "secret":
            addFiles(kind == "secret" ? .secret : .configMap, source, name: kind == "secret" ? "secretName" : "name", at: place, mount, mode: source["defaultMode"])
        case "persistentVolumeClaim":
            guard let claim = source["claimName"]?.stringValue, !claim.isEmpty else { return errors.append(.required(place.field("claimName"))) }
            let isReadOnly = mount.isReadOnly || source["readOnly"]?.boolValue == true
            references.mounts.append(ClaimMount(claim: claim, path: mount.path, subPath: mount.subPath, isReadOnly: isReadOnly))
        case "downwardAPI": addFacts(source["items"], at: place.field("items"), mount)
        case "projected":
            for (index, part) in (source["sources"]?.arrayValue ?? []).enumerated() {
                readProjected(part, at: place.field("sources").index(index), mount, mode: source["defaultMode"])
            }
        default: refuse(place, "volumes are emptyDir, configMap, secret, persistentVolumeClaim, projected or downwardAPI")
        }
    }

    private mutating func readProjected(_ part: JSON, at path: FieldPath, _ mount: Mount, mode: JSON?) {
        for (kind, source) in part.objectValue ?? [:] where !source.isNull {
            switch kind {
            case "configMap", "secret": addFiles(kind == "secret" ? .secret : .configMap, source, name: "name", at: path.field(kind), mount, mode: mode)
            case "downwardAPI": addFacts(source["items"], at: path.field(kind).field("items"), mount)
            default: refuse(path.field(kind), "sources are configMap, secret and downwardAPI")
            }
        }
    }

    private mutating func addFiles(_ kind: ObjectReference.Kind, _ source: JSON, name: String, at path: FieldPath, _ mount: Mount, mode: JSON?) {
        guard let object = reference(kind, source, name: name, at: path) else { return }
        var items: [FileSource.Item]?
        for (index, item) in (source["items"]?.arrayValue ?? []).enumerated() {
            let text = item["path"]?.stringValue ?? ""
            guard let file = MountPath.relative(text) else {
                errors.append(.invalid(path.field("items").index(index).field("path"), .string(text), "must be a relative path without `..`"))
                continue
            }
            items = (items ?? []) + [.init(key: item["key"]?.stringValue ?? "", path: file, mode: item["mode"]?.intValue.map { UInt32(clamping: $0) })]
        }
        let bits = mode?.intValue.map { UInt32(clamping: $0) } ?? 0o644
        references.files.append(FileSource(object, directory: mount.path, items: items, mode: bits, subPath: mount.subPath))
    }

    private mutating func addFacts(_ items: JSON?, at path: FieldPath, _ mount: Mount) {
        for (index, item) in (items?.arrayValue ?? []).enumerated() {
            let place = path.index(index), field = item["fieldRef"] == nil ? "resourceFieldRef" : "fieldRef", name = item["path"]?.stringValue ?? ""
            guard let file = MountPath.relative(name) else {
                errors.append(.invalid(place.field("path"), .string(name), "must be a relative path without `..`"))
                continue
            }
            guard let text = downward(field, item[field] ?? [:], at: place.field(field)),
                let target = MountPath.target(file, in: mount.path, subPath: mount.subPath)
            else { continue }
            task.inputs.append(InputFile(path: target, source: .text(text)))
        }
    }
}

/// Paths of mounts inside a task.
enum MountPath {
    static func isGood(_ path: String) -> Bool { path == "/" || normalized(path) != nil }

    /// Without empty and `.` parts; nil for a relative path, one with `..`, and the root.
    static func normalized(_ path: String) -> String? {
        guard path.hasPrefix("/"), let rest = relative(String(path.drop { $0 == "/" })) else { return nil }
        return "/" + rest
    }

    static func relative(_ path: String) -> String? {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !path.hasPrefix("/"), !parts.isEmpty, !parts.contains(".."), !path.utf8.contains(0) else { return nil }
        return parts.joined(separator: "/")
    }

    static func isInside(_ path: String, _ directory: String) -> Bool { path == directory || path.hasPrefix(directory + "/") }

    /// Where a volume's file appears; nil where the mounted part does not hold it.
    static func target(_ file: String, in directory: String, subPath: String?) -> String? {
        guard let subPath else { return directory + "/" + file }
        if file == subPath { return directory }
        return file.hasPrefix(subPath + "/") ? directory + "/" + file.dropFirst(subPath.count + 1) : nil
    }
}
