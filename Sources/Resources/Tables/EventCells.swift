import Core

/// Cells of events, of which newer writers fill in `eventTime`, `series` and `reportingComponent` in place of older fields.
enum EventCells {
    static func lastSeen(_ event: JSON) -> String? { word(event["series"]?["lastObservedTime"]) ?? word(event["lastTimestamp"]) ?? firstSeen(event) }

    static func firstSeen(_ event: JSON) -> String? { word(event["firstTimestamp"]) ?? word(event["eventTime"]) }

    static func age(_ time: String?, now: Timestamp) -> String { time.map { PathCell.age($0, now: now) ?? "<invalid>" } ?? "<unknown>" }

    static func object(_ event: JSON) -> String {
        let involved = event["involvedObject"], kind = word(involved?["kind"])?.lowercased() ?? ""
        return word(involved?["name"]).map { "\(kind)/\($0)" } ?? kind
    }

    static func source(_ event: JSON) -> String {
        if let component = word(event["source"]?["component"]) { return join(component, event["source"]?["host"]) }
        return join(word(event["reportingComponent"]) ?? "", event["reportingInstance"])
    }

    private static func join(_ component: String, _ place: JSON?) -> String { word(place).map { "\(component), \($0)" } ?? component }

    private static func word(_ value: JSON?) -> String? { value?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }
}
