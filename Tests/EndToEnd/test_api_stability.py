"""The API of this build breaks no client of the last release's, whose description is kept in Tests/Golden/openapi.json.

The rules of the comparison have a table of their own below. After a release: `scripts/make-golden openapi`.
"""

import copy
import json

import pytest

from api_stability import breaking
from server_process import REPOSITORY

GOLDEN = REPOSITORY / "Tests/Golden/openapi.json"

BASE = {
    "openapi": "3.0.3",
    "security": [{"token": []}, {"session": []}],
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}, "session": {"type": "apiKey", "in": "cookie", "name": "s"}},
        "schemas": {
            "Thing": {"type": "object", "required": ["id", "state"], "properties": {
                "id": {"type": "integer"}, "state": {"type": "string", "enum": ["New", "Done"]}, "note": {"type": "string"},
                "share": {"type": "number"}, "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}},
            "ThingRequest": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "maxLength": 9}, "kind": {"type": "string", "enum": ["a", "b"]}, "count": {"type": "integer"}}}},
        "responses": {"Error400": {"description": "", "content": {"application/json": {"schema": {
            "type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}}}}}},
    "paths": {"/things/{id}": {
        "get": {"operationId": "getThing", "security": [],
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                               {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}}],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                              "400": {"$ref": "#/components/responses/Error400"}}},
        "put": {"operationId": "putThing",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingRequest"}}}},
                "responses": {"204": {"description": ""}}}}},
}
GET, PUT, THING, REQUEST = "/paths/~things~{id}/get", "/paths/~things~{id}/put", "/components/schemas/Thing", "/components/schemas/ThingRequest"
NO = object()


def changed(place, value):
    """A copy of BASE with the value set (or taken away: NO) at a path; `~` in it stands for a slash in a key."""
    document = copy.deepcopy(BASE)
    *parts, last = [part.replace("~", "/") for part in place.strip("/").split("/")]
    at = document
    for part in parts:
        at = at[int(part)] if isinstance(at, list) else at[part]
    if value is NO:
        del at[int(last) if isinstance(at, list) else last]
    elif isinstance(at, list):
        at.append(value)
    else:
        at[last] = value
    return document


BREAKS = [
    ("/paths/~things~{id}", NO, "/things/{id}: the path is gone"),
    (PUT, NO, "PUT /things/{id}: the method is gone"),
    (GET + "/operationId", "other", "GET /things/{id}: its operationId was getThing and is other"),
    (GET + "/parameters/1", NO, "query parameter limit: is gone"),
    (GET + "/parameters/-", {"name": "new", "in": "query", "required": True, "schema": {}}, "query parameter new: is new and required"),
    (GET + "/parameters/1/required", True, "query parameter limit: is required now"),
    (GET + "/parameters/1/schema/maximum", 50, "query parameter limit: maximum was 100 and is 50"),
    (GET + "/parameters/1/schema/minimum", 2, "query parameter limit: minimum was 1 and is 2"),
    (GET + "/parameters/0/schema/pattern", "^a", "path parameter id: its pattern has changed"),
    (GET + "/parameters/0/schema/type", "integer", "path parameter id: its type was string and is integer"),
    (GET + "/security", [{"token": []}], "GET /things/{id}: security is tighter: no token is no longer enough"),
    (GET + "/security", NO, "security is tighter: no token"),
    (PUT + "/security", [{"token": []}], "security is tighter: session is no longer enough"),
    ("/components/securitySchemes/session", NO, "security scheme session: is gone"),
    ("/components/securitySchemes/token/scheme", "basic", "security scheme token: has changed"),
    (PUT + "/requestBody/required", True, "PUT /things/{id}, body: is required now"),
    (PUT + "/requestBody", NO, "PUT /things/{id}, body: is no longer taken"),
    (PUT + "/requestBody/content", {"text/plain": {}}, "body, application/json: is no longer taken"),
    (REQUEST + "/required", ["name", "count"], "body, application/json.count: is required now"),
    (REQUEST + "/properties/count", NO, "application/json.count: the property is gone"),
    (REQUEST + "/properties/count/type", "string", "application/json.count: its type was integer and is string"),
    (REQUEST + "/properties/name/maxLength", 8, "application/json.name: maxLength was 9 and is 8"),
    (REQUEST + "/properties/name/enum", ["x"], "application/json.name: takes only some words now"),
    (REQUEST + "/properties/kind/enum", ["a"], "application/json.kind: the word b is gone"),
    (REQUEST + "/additionalProperties", False, "application/json: takes no further properties now"),
    (GET + "/responses/200", NO, "GET /things/{id}, answer 200: is gone"),
    (GET + "/responses/200/content", {"text/plain": {}}, "answer 200, application/json: is no longer answered"),
    (THING + "/properties/note", NO, "answer 200, application/json.note: the property is gone"),
    (THING + "/properties/note/type", "integer", "application/json.note: its type was string and is integer"),
    (THING + "/properties/note/type", NO, "application/json.note: its type was string and is any"),
    (THING + "/properties/note/nullable", True, "application/json.note: may be null now"),
    (THING + "/properties/id/type", "number", "application/json.id: its type was integer and is number"),
    (THING + "/properties/parts/items", {"type": "string"}, "application/json.parts[]: its type was object and is string"),
    (THING + "/required", ["id"], "application/json.state: may be absent now"),
    (THING + "/properties/state/enum", ["New"], "application/json.state: the word Done is gone"),
    (THING + "/properties/state/enum", NO, "application/json.state: may be any word now"),
    ("/components/responses/Error400/content/application~json/schema/properties/error", NO, "answer 400, application/json.error: the property is gone"),
]
ADDITIONS = [
    ("/paths/~more", {"get": {"responses": {}}}),
    ("/paths/~things~{id}/delete", {"responses": {"204": {}}}),
    (GET + "/parameters/-", {"name": "new", "in": "query", "schema": {"type": "string"}}),
    (GET + "/parameters/0/description", "words"),
    (GET + "/parameters/1/schema/maximum", 200),
    (GET + "/responses/400", NO),
    (GET + "/responses/404", {"$ref": "#/components/responses/Error400"}),
    (PUT + "/security", []),
    (PUT + "/requestBody/content/application~yaml", {"schema": {}}),
    (REQUEST + "/properties/new", {"type": "string"}),
    (REQUEST + "/required", []),
    (REQUEST + "/properties/kind/enum", ["a", "b", "c"]),
    (REQUEST + "/properties/kind/enum", NO),
    (REQUEST + "/properties/count/type", "number"),
    (THING + "/properties/new", {"type": "string"}),
    (THING + "/required", ["id", "state", "note"]),
    (THING + "/properties/state/enum", ["New", "Done", "Lost"]),
    (THING + "/properties/share/type", "integer"),
    ("/info", {"version": "2"}),
]


@pytest.mark.parametrize("place, value, expected", BREAKS, ids=[row[2] for row in BREAKS])
def test_breaks_are_found_and_named(place, value, expected):
    breaks = breaking(BASE, changed(place, value))
    assert [line for line in breaks if expected in line], f"not told: {expected}; told: {breaks}"


@pytest.mark.parametrize("place, value", ADDITIONS, ids=[f"{row[0]} {row[1] if row[1] is not NO else 'gone'}" for row in ADDITIONS])
def test_additions_break_nothing(place, value):
    assert breaking(BASE, changed(place, value)) == []
    assert breaking(BASE, BASE) == []


def test_this_build_keeps_the_last_releases_api(server):
    new = server.json("GET", "/openapi.json", token=None)
    old = json.loads(GOLDEN.read_text())
    breaks = breaking(old, new)
    assert not breaks, (
        f"{len(breaks)} change(s) break clients of release {old['info']['version']}; make them additive, or give the API a new version:\n"
        + "\n".join(breaks))


def test_every_route_is_described(server):
    new = server.json("GET", "/openapi.json", token=None)
    operations = {f"{method.upper()} {path}": operation for path, item in new["paths"].items() for method, operation in item.items()}
    where = "Sources/API/Descriptions, in the file of its group (a new group is also listed in RouteDescriptions.swift)"
    missing = sorted(place for place, operation in operations.items() if operation.get("x-undescribed"))
    assert not missing, f"these routes have no description; add one in {where}:\n" + "\n".join(missing)
    stray = new.get("x-stray-descriptions", [])
    assert not stray, f"these descriptions in Sources/API/Descriptions are of no route:\n" + "\n".join(stray)
    names = [operation["operationId"] for operation in operations.values()]
    assert len(names) == len(set(names)), f"operationIds are used twice: {sorted(name for name in set(names) if names.count(name) > 1)}"
    assert all(operation["summary"] and operation["tags"] for operation in operations.values())
    check_references(new)


def check_references(document):
    """Each `$ref` names something, and each component is named."""
    used = set()

    def visit(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                used.add(value["$ref"])
            for item in value.values():
                visit(item)
        elif isinstance(value, list):
            for item in value:
                visit(item)
        assert value is not None, "a member of the document is null"

    visit(document)
    known = {f"#/components/{section}/{name}" for section in ("schemas", "responses") for name in document["components"][section]}
    assert used <= known, f"named but not there: {sorted(used - known)}"
    unused = [name for name in known - used if "/schemas/" in name]
    assert not unused, f"components that nothing names: {sorted(unused)}"
