"""Writes the test models beside this file. Needs: pip install onnx==1.20.1 numpy"""

import pathlib

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

HERE = pathlib.Path(__file__).parent
TYPES = {
    "BOOL": TensorProto.BOOL, "UINT8": TensorProto.UINT8, "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32, "UINT64": TensorProto.UINT64, "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16, "INT32": TensorProto.INT32, "INT64": TensorProto.INT64,
    "FP16": TensorProto.FLOAT16, "BF16": TensorProto.BFLOAT16, "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE, "BYTES": TensorProto.STRING,
}
tensor = helper.make_tensor_value_info


def write(name, nodes, inputs, outputs, constants=(), valid=True, domains=()):
    initializers = [numpy_helper.from_array(value, key) for key, value in constants]
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", 17)] + [helper.make_opsetid(domain, 1) for domain in domains]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="monoflow-tests")
    if valid:
        checker.check_model(model)
    save(model, str(HERE / f"{name}.onnx"))


for name, code in TYPES.items():
    write(f"identity_{name.lower()}", [helper.make_node("Identity", ["X"], ["Y"])],
          [tensor("X", code, ["N", 3])], [tensor("Y", code, ["N", 3])])

# Y = X W + B with W = [[1, 0], [0, 1], [2, 0], [0, 2]] and B = [0.5, -0.5]
write("linear",
      [helper.make_node("MatMul", ["X", "W"], ["P"]), helper.make_node("Add", ["P", "B"], ["Y"])],
      [tensor("X", TensorProto.FLOAT, ["batch", 4])], [tensor("Y", TensorProto.FLOAT, ["batch", 2])],
      [("W", np.array([[1, 0], [0, 1], [2, 0], [0, 2]], np.float32)), ("B", np.array([0.5, -0.5], np.float32))])
# The same with another B, to tell two versions apart.
write("linear_v2",
      [helper.make_node("MatMul", ["X", "W"], ["P"]), helper.make_node("Add", ["P", "B"], ["Y"])],
      [tensor("X", TensorProto.FLOAT, ["batch", 4])], [tensor("Y", TensorProto.FLOAT, ["batch", 2])],
      [("W", np.array([[1, 0], [0, 1], [2, 0], [0, 2]], np.float32)), ("B", np.array([100, 200], np.float32))])
# Two inputs and two outputs of fixed shape.
pair = [2, 3]
write("sum_difference",
      [helper.make_node("Add", ["A", "B"], ["SUM"]), helper.make_node("Sub", ["A", "B"], ["DIFFERENCE"])],
      [tensor("A", TensorProto.INT32, pair), tensor("B", TensorProto.INT32, pair)],
      [tensor("SUM", TensorProto.INT32, pair), tensor("DIFFERENCE", TensorProto.INT32, pair)])
# The first dimensions are free but not the same one: no batch.
write("two_lengths", [helper.make_node("Concat", ["A", "B"], ["Y"], axis=0)],
      [tensor("A", TensorProto.FLOAT, ["n", 2]), tensor("B", TensorProto.FLOAT, ["m", 2])],
      [tensor("Y", TensorProto.FLOAT, [None, 2])])
write("scalar", [helper.make_node("Neg", ["X"], ["Y"])],
      [tensor("X", TensorProto.FLOAT, [])], [tensor("Y", TensorProto.FLOAT, [])])
# Fails while running where an index is out of range.
write("lookup", [helper.make_node("Gather", ["T", "I"], ["Y"])],
      [tensor("I", TensorProto.INT64, ["N"])], [tensor("Y", TensorProto.FLOAT, ["N"])],
      [("T", np.array([10, 20, 30], np.float32))])
write("sequence_output", [helper.make_node("SequenceConstruct", ["X"], ["Y"])],
      [tensor("X", TensorProto.FLOAT, [1])],
      [helper.make_tensor_sequence_value_info("Y", TensorProto.FLOAT, [1])])
write("unknown_operator", [helper.make_node("Teleport", ["X"], ["Y"], domain="nowhere")],
      [tensor("X", TensorProto.FLOAT, [1])], [tensor("Y", TensorProto.FLOAT, [1])], valid=False, domains=["nowhere"])
# One input row becomes a megabyte of output, to notice memory that is not given back.
write("expand", [helper.make_node("Expand", ["X", "S"], ["Y"])],
      [tensor("X", TensorProto.FLOAT, [1])], [tensor("Y", TensorProto.FLOAT, [262144])],
      [("S", np.array([262144], np.int64))])
