"""Convert the scikit-learn model to ONNX: input `X` FP32 [-1,64], output `label` INT64 [-1]."""

import argparse
import pathlib

import joblib
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType

import bucket as buckets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--onnx", default="/model/model.onnx")
    parser.add_argument("--output", default=str(buckets.OUTPUT))
    arguments = parser.parse_args()
    buckets.check(arguments.bucket, arguments.model)

    classifier = joblib.load(arguments.model)
    # Without the zipmap the probabilities are a plain tensor, which is what an inference server can return.
    onnx = convert_sklearn(
        classifier, initial_types=[("X", FloatTensorType([None, 64]))], options={id(classifier): {"zipmap": False}})
    pathlib.Path(arguments.onnx).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(arguments.onnx).write_bytes(onnx.SerializeToString())
    print(f"{arguments.onnx}: {pathlib.Path(arguments.onnx).stat().st_size} bytes", flush=True)
    buckets.publish(arguments.bucket, arguments.onnx, arguments.output)


main()
