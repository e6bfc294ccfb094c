import CModelBackend

/// Element types by their names in the Open Inference Protocol. `BF16` is the one addition that servers share.
public enum Datatype: String, Sendable, Hashable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case fp16 = "FP16"
    case bf16 = "BF16"
    case fp32 = "FP32"
    case fp64 = "FP64"
    /// Strings of bytes of varying length.
    case bytes = "BYTES"

    /// Bytes of one element; nil for `bytes`.
    public var elementSize: Int? {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .fp16, .bf16: 2
        case .uint32, .int32, .fp32: 4
        case .uint64, .int64, .fp64: 8
        case .bytes: nil
        }
    }

    var abiValue: mfb_datatype {
        let value = switch self {
        case .bool: MFB_BOOL
        case .uint8: MFB_UINT8
        case .uint16: MFB_UINT16
        case .uint32: MFB_UINT32
        case .uint64: MFB_UINT64
        case .int8: MFB_INT8
        case .int16: MFB_INT16
        case .int32: MFB_INT32
        case .int64: MFB_INT64
        case .fp16: MFB_FP16
        case .bf16: MFB_BF16
        case .fp32: MFB_FP32
        case .fp64: MFB_FP64
        case .bytes: MFB_BYTES
        }
        return mfb_datatype(value)
    }

    init?(abiValue: mfb_datatype) {
        guard let found = Self.allCases.first(where: { $0.abiValue == abiValue }) else { return nil }
        self = found
    }
}

/// A Swift type whose memory is a tensor element's memory.
public protocol TensorElement: BitwiseCopyable, Sendable {
    static var datatype: Datatype { get }
}

extension Bool: TensorElement { public static var datatype: Datatype { .bool } }
extension UInt8: TensorElement { public static var datatype: Datatype { .uint8 } }
extension UInt16: TensorElement { public static var datatype: Datatype { .uint16 } }
extension UInt32: TensorElement { public static var datatype: Datatype { .uint32 } }
extension UInt64: TensorElement { public static var datatype: Datatype { .uint64 } }
extension Int8: TensorElement { public static var datatype: Datatype { .int8 } }
extension Int16: TensorElement { public static var datatype: Datatype { .int16 } }
extension Int32: TensorElement { public static var datatype: Datatype { .int32 } }
extension Int64: TensorElement { public static var datatype: Datatype { .int64 } }
extension Float16: TensorElement { public static var datatype: Datatype { .fp16 } }
extension Float: TensorElement { public static var datatype: Datatype { .fp32 } }
extension Double: TensorElement { public static var datatype: Datatype { .fp64 } }
