import Core
import Inference

/// Inference requests and responses as the Open Inference Protocol writes them in JSON.
enum InferenceJSON {
    struct Request {
        var id: String?
        var inputs: [Tensor]
        /// Names wanted; empty: all.
        var outputs: [String]

        /// - Throws: `invalidArgument` that names the place.
        init(_ body: JSON, model: String) throws {
            func fail(_ place: String, _ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "read inference request", "model \(model), \(place)", message) }
            id = body["id"]?.stringValue
            guard let given = body["inputs"]?.arrayValue else { throw fail("inputs", "must be a list of tensors") }
            inputs = try given.enumerated().map { index, item in
                guard let name = item["name"]?.stringValue else { throw fail("inputs[\(index)].name", "is missing") }
                let place = "input \(name)"
                guard let word = item["datatype"]?.stringValue else { throw fail("\(place), datatype", "is missing") }
                guard let datatype = Datatype(rawValue: word) else {
                    throw fail("\(place), datatype", "\"\(word)\" is unknown; one of \(Datatype.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                let shape = try (item["shape"]?.arrayValue ?? []).map { extent -> Int in
                    guard let number = extent.intValue, number >= 0 else { throw fail("\(place), shape", "\(extent.text()) is no extent") }
                    return Int(number)
                }
                guard item["shape"]?.arrayValue != nil else { throw fail("\(place), shape", "must be a list of whole numbers") }
                guard let data = item["data"] else { throw fail("\(place), data", "is missing") }
                return try Tensor.read(name: name, datatype: datatype, shape: shape, data: data, subject: "model \(model), \(place)")
            }
            outputs = try (body["outputs"]?.arrayValue ?? []).enumerated().map { index, item in
                guard let name = item["name"]?.stringValue else { throw fail("outputs[\(index)].name", "is missing") }
                return name
            }
        }
    }

    static func response(model: String, version: String, id: String?, _ outputs: [Tensor]) throws -> [UInt8] {
        var out = Array("{".utf8)
        if let id { out += Array("\"id\":\(JSON.string(id).text()),".utf8) }
        out += Array("\"model_name\":\(JSON.string(model).text()),\"model_version\":\"\(version)\",\"outputs\":[".utf8)
        for (index, tensor) in outputs.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            let shape = JSON.array(tensor.shape.map { .int(Int64($0)) }).text()
            out += Array("{\"name\":\(JSON.string(tensor.name).text()),\"datatype\":\"\(tensor.datatype.rawValue)\",\"shape\":\(shape),\"data\":".utf8)
            try tensor.writeJSONData(into: &out)
            out.append(UInt8(ascii: "}"))
        }
        return out + Array("]}".utf8)
    }
}
