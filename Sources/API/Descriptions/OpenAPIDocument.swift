import Core
import HTTP

/// `/openapi.json`: every route that this server answers, with its description.
///
/// A route without one is marked `x-undescribed`, and descriptions of routes that are not there are listed as `x-stray-descriptions`:
/// tests fail on both.
struct OpenAPIDocument: Sendable {
    /// What a status means, where it is an error.
    private static let failures: KeyValuePairs<Int, String> = [
        400: "The request is malformed, or breaks a rule.", 401: "The request has no valid token or session.", 403: "The caller may not.",
        404: "There is no such thing.", 405: "The path does not take this.", 409: "It is there already, or somebody else has changed it.",
        410: "What was asked for is kept no longer.", 413: "The body is too large.", 415: "The body's media type is not understood.",
        422: "The object breaks its kind's rules.", 426: "Another protocol is needed, which the answer names.",
        429: "Too many requests; Retry-After tells when to come back.", 501: "This server does not do that.",
        503: "The server, or what the request needs, is not ready.",
    ]

    let version: String
    let routes: [Route]
    let groups: [RouteGroup]

    func json() -> JSON {
        var known: [String: (group: RouteGroup, route: RouteDescription)] = [:]
        for group in groups { for route in group.routes { known[Self.key(route.method, route.pattern)] = (group, route) } }
        var paths = JSONObject()
        for route in routes {
            let path = route.pattern.replacing("...}", with: "}")
            var item = paths[path] ?? [:]
            let found = known.removeValue(forKey: Self.key(route.method, route.pattern))
            item[route.method.rawValue.lowercased()] = found.map { operation(route, $0.group, $0.route) } ?? Self.undescribed(route)
            paths[path] = item
        }
        known = known.filter { !$0.value.route.isOptional }
        return .make([
            "openapi": "3.0.3", "info": ["title": "Monoflow", "version": .string(version)], "tags": .array(groups.map(Self.tag)),
            "security": [["token": []], ["session": []]], "paths": .object(paths), "components": components(),
            "x-stray-descriptions": known.isEmpty ? nil : .array(known.keys.sorted().map { .string($0) }),
        ])
    }

    private static func key(_ method: HTTPMethod, _ pattern: String) -> String { "\(method.rawValue) \(pattern)" }
    private static func tag(_ group: RouteGroup) -> JSON { ["name": .string(group.name), "description": .string(group.description)] }

    private static func undescribed(_ route: Route) -> JSON {
        ["x-undescribed": true, "responses": ["default": ["description": "Not described."]]]
    }

    private func operation(_ route: Route, _ group: RouteGroup, _ about: RouteDescription) -> JSON {
        let isPublic = route.tags.contains(Authentication.publicTag)
        let parameters = Self.pathParameters(route, group) + about.query.map { parameter in
            .make([
                "name": .string(parameter.name), "in": "query", "required": parameter.isRequired ? true : nil, "description": .string(parameter.description),
                "schema": parameter.schema,
            ])
        }
        return .make([
            "operationId": .string(about.operation), "tags": [.string(group.name)], "summary": .string(about.summary),
            "security": isPublic ? .array([]) : nil, "parameters": parameters.isEmpty ? nil : .array(parameters), "requestBody": about.body.map(Self.body),
            "responses": responses(about, group, isPublic: isPublic),
        ])
    }

    private static func pathParameters(_ route: Route, _ group: RouteGroup) -> [JSON] {
        route.pattern.split(separator: "{", omittingEmptySubsequences: false).dropFirst().map { piece in
            let name = String(piece.prefix { $0 != "}" }.replacing("...", with: ""))
            var schema = group.parameters[name] ?? ["type": "string", "minLength": 1]
            if Self.hasVerb(piece) { schema["pattern"] = "^[^:]+$" }
            return ["name": .string(name), "in": "path", "required": true, "schema": schema]
        }
    }

    /// Whether a parameter is followed by a verb, as in `{id}:archive`: it holds no colon, else the path is another's.
    private static func hasVerb(_ pattern: some StringProtocol) -> Bool { pattern.contains("}:") }

    private static func body(_ body: RouteDescription.Body) -> JSON {
        .make(["required": body.isRequired ? true : nil, "content": content(body.content)])
    }

    private static func content(_ types: KeyValuePairs<String, JSON>) -> JSON {
        var content = JSONObject()
        for (type, schema) in types { content[type] = ["schema": schema] }
        return .object(content)
    }

    private func responses(_ about: RouteDescription, _ group: RouteGroup, isPublic: Bool) -> JSON {
        var responses = JSONObject()
        for answer in about.answers {
            var response: JSON = ["description": .string(answer.description)]
            if !answer.content.isEmpty { response["content"] = Self.content(answer.content) }
            responses[String(answer.status)] = response
        }
        let common = (isPublic ? [400, 503] : [400, 401, 403, 404, 429, 503]) + (about.body == nil ? [] : [413]) + (Self.hasVerb(about.pattern) ? [405] : [])
        for status in Set(common + about.failures).sorted() {
            responses[String(status)] = ["$ref": .string("#/components/responses/\(group.errors.rawValue)\(status)")]
        }
        return .object(responses)
    }

    private func components() -> JSON {
        var schemas = JSONObject(), responses = JSONObject()
        for (name, schema) in ErrorDescriptions.components { schemas[name] = schema }
        for group in groups { for component in group.components { schemas[component.name] = component.schema } }
        for shape in [RouteDescription.Errors.native, .status, .either] {
            for (status, description) in Self.failures {
                responses["\(shape.rawValue)\(status)"] = [
                    "description": .string(description), "content": ["application/json": ["schema": Schema.ref(shape.rawValue)]],
                ]
            }
        }
        return [
            "securitySchemes": [
                "token": ["type": "http", "scheme": "bearer", "description": "A token of a user, or of a step."],
                "session": [
                    "type": "apiKey", "in": "cookie", "name": "monoflow_session",
                    "description": "Set by POST /api/session. Over TLS its name begins with __Host-. A write made with it must come from the same origin.",
                ],
            ],
            "schemas": .object(schemas), "responses": .object(responses),
        ]
    }
}

/// Shapes of errors.
enum ErrorDescriptions {
    static let components: KeyValuePairs<String, JSON> = [
        "Error": Schema.object(
            ["error": Schema.text, "code": Schema.integer, "message": Schema.text, "details": Schema.list(Schema.anyObject)], optional: ["hint": Schema.text]),
        "Status": Schema.object(
            ["kind": Schema.word("Status"), "apiVersion": Schema.word("v1"), "metadata": Schema.anyObject, "status": Schema.word("Success", "Failure")],
            optional: ["message": Schema.text, "reason": Schema.text, "details": Schema.anyObject, "code": Schema.integer]),
        "StatusOrError": ["anyOf": [Schema.ref("Status"), Schema.ref("Error")]],
    ]
}
