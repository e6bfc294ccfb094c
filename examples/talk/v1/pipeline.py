"""The talk's pipeline for the kfp 1.8 SDK: container steps chained through their `bucket` output.

Compile by hand: `python pipeline.py DIRECTORY` writes one YAML per pipeline.
"""

import pathlib
import sys

from kfp import compiler, dsl


def ingest(bucket, seed):
    return dsl.ContainerOp(
        name="ingest", image="monoflow/talk-ingest:1",
        arguments=["--bucket", bucket, "--seed", seed],
        file_outputs={
            "bucket": "/output.txt", "training": "/data/training.npz", "held-out": "/data/held-out.npz",
        })


def validate(bucket, training):
    return dsl.ContainerOp(
        name="validate", image="monoflow/talk-validate:1",
        arguments=["--bucket", bucket, "--training", dsl.InputArgumentPath(training, input="training")],
        file_outputs={"bucket": "/output.txt", "training": "/data/validated.npz"})


def train(bucket, training, image="monoflow/talk-train-svm:1"):
    return dsl.ContainerOp(
        name="train", image=image,
        arguments=["--bucket", bucket, "--training", dsl.InputArgumentPath(training, input="training")],
        file_outputs={
            "bucket": "/output.txt", "model": "/model/model.joblib",
            "mlpipeline-metrics": "/mlpipeline-metrics.json",
        })


def convert(bucket, model):
    return dsl.ContainerOp(
        name="convert", image="monoflow/talk-convert:1",
        arguments=["--bucket", bucket, "--model", dsl.InputArgumentPath(model, input="model")],
        file_outputs={"bucket": "/output.txt", "onnx": "/model/model.onnx"})


def deploy(bucket, onnx):
    return dsl.ContainerOp(
        name="deploy", image="monoflow/talk-deploy:1",
        arguments=["--bucket", bucket, "--onnx", dsl.InputArgumentPath(onnx, input="onnx")],
        file_outputs={"bucket": "/output.txt", "version": "/version.txt"})


@dsl.pipeline(name="talk", description="Ingest, train, convert to ONNX, serve.")
def talk(bucket: str = "digits", seed: int = 7):
    data = ingest(bucket, seed)
    model = train(data.outputs["bucket"], data.outputs["training"])
    onnx = convert(model.outputs["bucket"], model.outputs["model"])
    deploy(onnx.outputs["bucket"], onnx.outputs["onnx"])


@dsl.pipeline(name="talk-swapped-trainer", description="The same with a random forest: one image differs.")
def swapped(bucket: str = "digits", seed: int = 7):
    data = ingest(bucket, seed)
    model = train(data.outputs["bucket"], data.outputs["training"], image="monoflow/talk-train-forest:1")
    onnx = convert(model.outputs["bucket"], model.outputs["model"])
    deploy(onnx.outputs["bucket"], onnx.outputs["onnx"])


@dsl.pipeline(name="talk-validated", description="The same with a validation step before training.")
def validated(bucket: str = "digits", seed: int = 7):
    data = ingest(bucket, seed)
    checked = validate(data.outputs["bucket"], data.outputs["training"])
    model = train(checked.outputs["bucket"], checked.outputs["training"])
    onnx = convert(model.outputs["bucket"], model.outputs["model"])
    deploy(onnx.outputs["bucket"], onnx.outputs["onnx"])


PIPELINES = {"talk": talk, "swapped": swapped, "validated": validated}


def compile_to(directory, variant):
    path = pathlib.Path(directory) / f"talk-v1-{variant}.yaml"
    compiler.Compiler().compile(PIPELINES[variant], str(path))
    return str(path)


if __name__ == "__main__":
    for variant in PIPELINES:
        print(compile_to(sys.argv[1] if len(sys.argv) > 1 else ".", variant))
