import Core
import Resources

func json(_ text: String) throws -> JSON { try JSONParser.parse(text) }

extension FieldErrors {
    /// `path: message` of each.
    var lines: [String] { list.map(\.description) }
}

/// A schema as a controller's author writes it, with most of what can be said.
let cronTabSchema = """
{"type":"object","description":"A cron tab.","required":["spec"],"properties":{
 "apiVersion":{"type":"string"},"kind":{"type":"string"},
 "metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":20,"pattern":"^[a-z]+$"}}},
 "spec":{"type":"object","required":["cronSpec"],"minProperties":1,"properties":{
   "cronSpec":{"type":"string","pattern":"^(\\\\d+|\\\\*)( (\\\\d+|\\\\*)){4}$","default":"* * * * *"},
   "replicas":{"type":"integer","minimum":1,"maximum":10,"default":1,"format":"int32"},
   "ratio":{"type":"number","minimum":0,"exclusiveMinimum":true,"multipleOf":0.5},
   "image":{"type":"string","nullable":true,"minLength":2,"maxLength":8},
   "policy":{"type":"string","enum":["Allow","Forbid"],"default":"Allow"},
   "port":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
   "when":{"type":"string","format":"date-time"},
   "labels":{"type":"object","maxProperties":2,"additionalProperties":{"type":"string"}},
   "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"known":{"type":"object","properties":{"a":{"type":"integer"}}}}},
   "anything":{"x-kubernetes-preserve-unknown-fields":true},
   "object":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
   "tags":{"type":"array","x-kubernetes-list-type":"set","maxItems":3,"items":{"type":"string"}},
   "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","protocol"],"minItems":1,
     "items":{"type":"object","required":["port"],"properties":{"port":{"type":"integer"},"protocol":{"type":"string","default":"TCP"},"name":{"type":"string"}}}},
   "choice":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]},
   "either":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"anyOf":[{"required":["a"]},{"properties":{"b":{"minimum":5}},"required":["b"]}],
     "not":{"required":["a","b"]}},
   "both":{"type":"integer","allOf":[{"minimum":3},{"maximum":5}]},
   "atomic":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"a":{"type":"boolean"}}},
   "defaulted":{"type":"object","default":{"inner":{}},"properties":{"inner":{"type":"object","properties":{"x":{"type":"integer","default":7}}}}}
 }},
 "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}
"""
