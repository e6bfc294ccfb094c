import Core
import Resources

extension PodReader {
    /// The text of a `fieldRef` or a `resourceFieldRef`; nil where an error was told.
    mutating func downward(_ field: String, _ value: JSON, at path: FieldPath) -> String? {
        if field == "resourceFieldRef" { return resourceText(value, at: path) }
        let name = value["fieldPath"]?.stringValue ?? ""
        if let text = fieldText(name) { return text }
        errors.append(.notSupported(path.field("fieldPath"), .string(name), [
            "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels['KEY']", "metadata.annotations['KEY']", "metadata.labels",
            "metadata.annotations", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.podIP",
        ]))
        return nil
    }

    private func fieldText(_ name: String) -> String? {
        switch name {
        // A template's pods get their names and uids when they are made.
        case "metadata.name", "metadata.namespace", "metadata.uid": return pod["metadata"]?[String(name.dropFirst("metadata.".count))]?.stringValue ?? ""
        case "metadata.labels", "metadata.annotations":
            let members = pod["metadata"]?[String(name.dropFirst("metadata.".count))]?.objectValue ?? [:]
            return members.sorted { $0.key < $1.key }.map { "\($0.key)=\(JSON.string($0.value.stringValue ?? "").text())" }.joined(separator: "\n")
        case "spec.nodeName": return PodStatus.node
        case "spec.serviceAccountName": return spec["serviceAccountName"]?.stringValue ?? "default"
        case "status.hostIP", "status.podIP", "status.hostIPs", "status.podIPs": return PodStatus.address
        default:
            for map in ["labels", "annotations"] {
                let start = "metadata.\(map)['"
                guard name.hasPrefix(start), name.hasSuffix("']"), name.utf8.count > start.utf8.count + 2 else { continue }
                return pod["metadata"]?[map]?[String(name.dropFirst(start.count).dropLast(2))]?.stringValue ?? ""
            }
            return nil
        }
    }

    /// A container's amount in units of the divisor, rounded up.
    private mutating func resourceText(_ value: JSON, at path: FieldPath) -> String? {
        let name = value["resource"]?.stringValue ?? "", parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["limits", "requests"].contains(parts[0]), ["cpu", "memory", "ephemeral-storage"].contains(parts[1]) else {
            errors.append(.notSupported(path.field("resource"), .string(name), ["limits.cpu", "limits.memory", "requests.cpu", "requests.memory"]))
            return nil
        }
        let given = container["resources"]?[parts[0]]?[parts[1]] ?? (parts[0] == "requests" ? container["resources"]?["limits"]?[parts[1]] : nil)
        let fallback: Quantity = switch (parts[0], parts[1]) {
        case ("limits", "cpu"): Quantity(milliUnits: Int64(capacity.cpuMillis))
        case ("limits", "memory"): Quantity(units: capacity.memoryBytes)
        default: .zero
        }
        let amount = given.flatMap { try? Quantity($0) } ?? fallback
        var divisor = Quantity(units: 1)
        if let text = value["divisor"], !PodFields.isUnset(text), text.stringValue != "0", text.intValue != 0 {
            guard let read = try? Quantity(text), read > .zero else {
                errors.append(.invalid(path.field("divisor"), text, "must be a positive amount such as 1m or 1Mi"))
                return nil
            }
            divisor = read
        }
        let (quotient, remainder) = amount.nanos.quotientAndRemainder(dividingBy: divisor.nanos)
        return String(quotient + (remainder > 0 ? 1 : 0))
    }
}
