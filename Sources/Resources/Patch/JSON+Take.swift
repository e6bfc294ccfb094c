import Core

// A container is changed in place only while nobody else holds it: it is taken out of its value, changed and put back.
extension JSON {
    /// The members, leaving `null` behind; nil, and nothing changes, for other kinds.
    mutating func takeObject() -> JSONObject? {
        guard case .object(let object) = self else { return nil }
        self = .null
        return object
    }

    /// The elements, leaving `null` behind; nil, and nothing changes, for other kinds.
    mutating func takeArray() -> [JSON]? {
        guard case .array(let items) = self else { return nil }
        self = .null
        return items
    }
}
