"""Compares two OpenAPI 3.0 documents: what in the new one breaks a client that was written for the old one.

A request may only become wider and an answer only narrower; what is added is no break. `breaking(old, new)` returns one line for each break,
which begins with its place: `GET /api/things, answer 200, application/json, items[].name: the property is gone`.
"""

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
BOUNDS = {"minimum": 1, "minLength": 1, "minItems": 1, "maximum": -1, "maxLength": -1, "maxItems": -1}


def breaking(old, new):
    return Comparison(old, new).run()


class Comparison:
    def __init__(self, old, new):
        self.old, self.new, self.breaks, self.open = old, new, [], set()

    def run(self):
        for name, scheme in self.old.get("components", {}).get("securitySchemes", {}).items():
            after = self.new.get("components", {}).get("securitySchemes", {}).get(name)
            kept = {key: value for key, value in scheme.items() if key != "description"}
            if after is None:
                self.tell(f"security scheme {name}", "is gone")
            elif kept != {key: value for key, value in after.items() if key != "description"}:
                self.tell(f"security scheme {name}", "has changed")
        for path, item in self.old["paths"].items():
            after = self.new["paths"].get(path)
            if after is None:
                self.tell(path, "the path is gone")
                continue
            for method in METHODS:
                if method not in item:
                    continue
                place = f"{method.upper()} {path}"
                if method not in after:
                    self.tell(place, "the method is gone")
                else:
                    self.operation(place, item[method], after[method])
        return self.breaks

    def tell(self, place, what):
        self.breaks.append(f"{place}: {what}")

    @staticmethod
    def resolve(document, value):
        """Follows `$ref`s to what they name."""
        while isinstance(value, dict) and "$ref" in value:
            found = document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def operation(self, place, old, new):
        if old.get("operationId") != new.get("operationId"):
            self.tell(place, f"its operationId was {old.get('operationId')} and is {new.get('operationId')}")
        self.security(place, old, new)
        self.parameters(place, old, new)
        self.body(place, old.get("requestBody"), new.get("requestBody"))
        self.answers(place, old.get("responses", {}), new.get("responses", {}))

    def security(self, place, old, new):
        """Each way in that was enough must still be enough."""
        before = [set(way) for way in old.get("security", self.old.get("security", []))] or [set()]
        after = [set(way) for way in new.get("security", self.new.get("security", []))] or [set()]
        for way in before:
            if not any(other <= way for other in after):
                self.tell(place, f"security is tighter: {'+'.join(sorted(way)) or 'no token'} is no longer enough")

    def parameters(self, place, old, new):
        def table(document, operation):
            found = [self.resolve(document, parameter) for parameter in operation.get("parameters", [])]
            return {(parameter["in"], parameter["name"]): parameter for parameter in found}

        before, after = table(self.old, old), table(self.new, new)
        for key, parameter in before.items():
            here = f"{place}, {key[0]} parameter {key[1]}"
            if key not in after:
                self.tell(here, "is gone")
                continue
            if after[key].get("required") and not parameter.get("required"):
                self.tell(here, "is required now")
            self.schema(here, parameter.get("schema", {}), after[key].get("schema", {}), False)
        for key, parameter in after.items():
            if key not in before and parameter.get("required"):
                self.tell(f"{place}, {key[0]} parameter {key[1]}", "is new and required")

    def body(self, place, old, new):
        old, new = self.resolve(self.old, old), self.resolve(self.new, new)
        place += ", body"
        if new and new.get("required") and not (old and old.get("required")):
            self.tell(place, "is required now")
        if old and not new:
            self.tell(place, "is no longer taken")
        for kind, content in (old or {}).get("content", {}).items() if new else []:
            if kind not in new.get("content", {}):
                self.tell(f"{place}, {kind}", "is no longer taken")
            else:
                self.schema(f"{place}, {kind}", content.get("schema", {}), new["content"][kind].get("schema", {}), False)

    def answers(self, place, old, new):
        for status, answer in old.items():
            here = f"{place}, answer {status}"
            if status not in new:
                # An error that no longer happens breaks nobody.
                if status[0] in "23d":
                    self.tell(here, "is gone")
                continue
            before, after = self.resolve(self.old, answer), self.resolve(self.new, new[status])
            for kind, content in before.get("content", {}).items():
                if kind not in after.get("content", {}):
                    self.tell(f"{here}, {kind}", "is no longer answered")
                else:
                    self.schema(f"{here}, {kind}", content.get("schema", {}), after["content"][kind].get("schema", {}), True)

    def schema(self, place, old, new, answered):
        """`answered`: whether the value goes to the client; else it comes from there."""
        if isinstance(old, dict) and "$ref" in old:
            # A schema that holds itself is compared once.
            key = (old["$ref"], str(new), answered)
            if key in self.open:
                return
            self.open.add(key)
            try:
                self.schema(place, self.resolve(self.old, old), new, answered)
            finally:
                self.open.discard(key)
            return
        new = self.resolve(self.new, new)
        if not self.same_type(place, old, new, answered):
            return
        self.words(place, old, new, answered)
        if answered and new.get("nullable") and not old.get("nullable"):
            self.tell(place, "may be null now")
        if not answered:
            if old.get("nullable") and not new.get("nullable"):
                self.tell(place, "may not be null any more")
            self.bounds(place, old, new)
        self.members(place, old, new, answered)
        if "items" in old:
            self.schema(f"{place}[]", old["items"], new.get("items", {}), answered)
        for key in ("anyOf", "oneOf", "allOf"):
            self.alternatives(place, key, old.get(key, []), new.get(key, []), answered)

    def same_type(self, place, old, new, answered):
        before, after = old.get("type"), new.get("type")
        narrower, wider = (after, before) if answered else (before, after)
        if before != after and wider is not None and not (narrower == "integer" and wider == "number"):
            if not any(key in old or key in new for key in ("anyOf", "oneOf", "allOf")):
                self.tell(place, f"its type was {before or 'any'} and is {after or 'any'}")
                return False
        if old.get("format") != new.get("format") and (old.get("format") if answered else new.get("format")):
            self.tell(place, f"its format was {old.get('format')} and is {new.get('format')}")
        return True

    def words(self, place, old, new, answered):
        before, after = old.get("enum"), new.get("enum")
        if before is None and after is not None and not answered:
            self.tell(place, "takes only some words now")
        elif before is not None and after is None and answered:
            self.tell(place, "may be any word now")
        elif before is not None and after is not None:
            for word in before:
                if word not in after:
                    self.tell(place, f"the word {word} is gone")

    def bounds(self, place, old, new):
        for key, sign in BOUNDS.items():
            if key in new and (key not in old or sign * new[key] > sign * old[key]):
                self.tell(place, f"{key} was {old.get(key, 'none')} and is {new[key]}")
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            self.tell(place, "its pattern has changed")

    def members(self, place, old, new, answered):
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, member in before.items():
            here = f"{place}.{name}"
            if name not in after:
                self.tell(here, "the property is gone")
                continue
            if answered and name in old.get("required", []) and name not in new.get("required", []):
                self.tell(here, "may be absent now")
            self.schema(here, member, after[name], answered)
        if not answered:
            for name in new.get("required", []):
                if name not in old.get("required", []):
                    self.tell(f"{place}.{name}", "is required now")
        rest, other = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if rest is not False and other is False and not answered:
            self.tell(place, "takes no further properties now")
        elif isinstance(rest, dict) and other is not False:
            self.schema(f"{place}.*", rest, other if isinstance(other, dict) else {}, answered)
        elif isinstance(other, dict) and other and rest is True and not answered:
            self.tell(f"{place}.*", "takes only some values now")

    def alternatives(self, place, key, old, new, answered):
        """By their order: an alternative is added at the end."""
        for number, (before, after) in enumerate(zip(old, new)):
            self.schema(f"{place} ({key} {number + 1})", before, after, answered)
        if key == "allOf" and len(old) != len(new) or (len(new) > len(old) if answered else len(new) < len(old)):
            self.tell(place, f"{key} had {len(old)} and has {len(new)} alternatives")
