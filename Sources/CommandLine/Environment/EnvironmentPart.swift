/// The files of an expanded environment, in the order in which they are applied.
enum EnvironmentPart: String, CaseIterable, Sendable {
    case namespaces, users, members, configMaps, secrets, models, notebooks, schedules

    var fileName: String {
        let number = (Self.allCases.firstIndex(of: self) ?? 0) * 10 + 10
        return "\(number)-\(rawValue.lowercased()).yaml"
    }
}
