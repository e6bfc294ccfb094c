import Core
import Resources
import Testing

@Suite struct SchemaDefaultsTests {
    @Test(arguments: [
        (#"{"spec":{}}"#, #"{"spec":{"cronSpec":"* * * * *","defaulted":{"inner":{"x":7}},"policy":"Allow","replicas":1}}"#),
        ("{}", "{}"),
        // A null of a field with a default is the default, of one without is dropped, and of a nullable one stays.
        (#"{"spec":{"replicas":null,"when":null,"image":null,"policy":"Forbid","cronSpec":"x","defaulted":{}}}"#,
            #"{"spec":{"cronSpec":"x","defaulted":{},"image":null,"policy":"Forbid","replicas":1}}"#),
        // Into items and objects that exist, not into those that do not.
        (#"{"spec":{"cronSpec":"x","policy":"a","replicas":5,"defaulted":{"inner":{"x":null}},"ports":[{"port":1},{"port":2,"protocol":"UDP"},null]}}"#,
            #"{"spec":{"cronSpec":"x","defaulted":{"inner":{"x":7}},"policy":"a","ports":[{"port":1,"protocol":"TCP"},{"port":2,"protocol":"UDP"},null],"replicas":5}}"#),
        // Below what is kept unseen nothing changes.
        (#"{"spec":{"cronSpec":"x","policy":"a","replicas":5,"defaulted":{},"free":{"x":null,"known":{"a":null}},"labels":{"a":null}}}"#,
            #"{"spec":{"cronSpec":"x","defaulted":{},"free":{"known":{},"x":null},"labels":{},"policy":"a","replicas":5}}"#),
    ])
    func filled(document: String, expected: String) throws {
        let schema = try SchemaReader.read(json(cronTabSchema)).schema
        var result = try json(document)
        let isChanged = SchemaDefaults.fill(&result, by: schema)
        #expect(result.canonicalText() == expected)
        #expect(try isChanged == (json(document).canonicalText() != expected))
        #expect(!SchemaDefaults.fill(&result, by: schema), "filling in twice is filling in once")
    }
}
