"""The talk's pipeline for the kfp 2 SDK: Python components that pass typed artifacts.

Compile by hand: `python pipeline.py DIRECTORY` writes one YAML per pipeline.
"""

import pathlib
import sys

from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output

IMAGE = "python:3.11"
PACKAGES = ["scikit-learn==1.7.2", "skl2onnx==1.20.0", "onnx==1.20.1", "numpy==2.3.5", "protobuf==6.33.6"]


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def ingest(seed: int, training: Output[Dataset], held_out: Output[Dataset]):
    """The handwritten digits, scaled to 0…1, split into training and held-out images."""
    import numpy
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype("float32")
    train_images, held_images, train_labels, held_labels = train_test_split(
        images, labels, test_size=0.25, random_state=seed, stratify=labels)
    for artifact, x, y in ((training, train_images, train_labels), (held_out, held_images, held_labels)):
        with open(artifact.path, "wb") as file:
            numpy.savez(file, images=x, labels=y.astype("int64"))
        artifact.metadata["images"] = len(y)
        print(f"{artifact.name}: {len(y)} images", flush=True)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def validate(training: Input[Dataset], validated: Output[Dataset]):
    """Shape, range, classes and balance of the training images."""
    import shutil

    import numpy

    data = numpy.load(training.path)
    images, labels = data["images"], data["labels"]
    counts = numpy.bincount(labels, minlength=10)
    problems = []
    if images.ndim != 2 or images.shape[1] != 64:
        problems.append(f"images have shape {images.shape}, expected [-1, 64]")
    if not numpy.isfinite(images).all() or images.min() < 0 or images.max() > 1:
        problems.append("pixel values leave 0…1")
    if len(counts) != 10 or counts.min() < 0.5 * counts.mean():
        problems.append(f"classes are missing or rare: {counts.tolist()}")
    if problems:
        raise SystemExit("; ".join(problems))
    print(f"{len(labels)} images are valid; per class {counts.tolist()}", flush=True)
    shutil.copyfile(training.path, validated.path)
    validated.metadata["per_class"] = counts.tolist()


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def train_svm(training: Input[Dataset], model: Output[Model], metrics: Output[Metrics]):
    """A support vector machine with a radial kernel."""
    import joblib
    import numpy
    from sklearn.model_selection import cross_val_score
    from sklearn.svm import SVC

    data = numpy.load(training.path)
    classifier = SVC(C=10, gamma=0.064)
    score = float(cross_val_score(classifier, data["images"], data["labels"], cv=3).mean())
    joblib.dump(classifier.fit(data["images"], data["labels"]), model.path)
    model.metadata["framework"] = "scikit-learn"
    model.metadata["trainer"] = "svm"
    metrics.log_metric("cross_validated_accuracy", score)
    print(f"{classifier!r}: cross-validated accuracy {score:.4f}", flush=True)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def train_forest(training: Input[Dataset], model: Output[Model], metrics: Output[Metrics]):
    """A random forest: the trainer to swap in."""
    import joblib
    import numpy
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_score

    data = numpy.load(training.path)
    classifier = RandomForestClassifier(n_estimators=200, random_state=7)
    score = float(cross_val_score(classifier, data["images"], data["labels"], cv=3).mean())
    joblib.dump(classifier.fit(data["images"], data["labels"]), model.path)
    model.metadata["framework"] = "scikit-learn"
    model.metadata["trainer"] = "forest"
    metrics.log_metric("cross_validated_accuracy", score)
    print(f"{classifier!r}: cross-validated accuracy {score:.4f}", flush=True)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def convert(model: Input[Model], onnx: Output[Model]):
    """scikit-learn to ONNX: input `X` FP32 [-1,64], output `label` INT64 [-1]."""
    import joblib
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    classifier = joblib.load(model.path)
    # Without the zipmap the probabilities are a plain tensor, which is what an inference server can return.
    converted = convert_sklearn(
        classifier, initial_types=[("X", FloatTensorType([None, 64]))], options={id(classifier): {"zipmap": False}})
    with open(onnx.path, "wb") as file:
        file.write(converted.SerializeToString())
    onnx.metadata["framework"] = "onnx"
    onnx.metadata["trainer"] = model.metadata["trainer"]


@dsl.component(base_image=IMAGE)
def deploy(onnx: Input[Model], name: str) -> int:
    """Hands the model to the server as the next version, waits until it answers, returns the version."""
    import json
    import os
    import urllib.error
    import urllib.request

    token = os.environ.get("MONOFLOW_TOKEN_FILE", "/var/run/secrets/kubernetes.io/serviceaccount/token")
    with open(token) as secret, open(onnx.path, "rb") as model:
        request = urllib.request.Request(
            f"{os.environ['MONOFLOW_SERVER']}/api/models/{name}/versions/next", data=model.read(), method="PUT",
            headers={"Authorization": "Bearer " + secret.read().strip(), "Content-Type": "application/octet-stream"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            served = json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{name} was not deployed: {error.code} {error.read().decode(errors='replace')}")
    version = max(int(version["version"]) for version in served["versions"])
    print(f"{name} version {version} is ready: {served['inputs']} -> {served['outputs']}", flush=True)
    return version


def served(onnx, name):
    """The step whose effect is outside the pipeline: it runs each time, also where an equal one ran before."""
    return deploy(onnx=onnx, name=name).set_caching_options(False).output


@dsl.pipeline(name="talk", description="Ingest, train, convert to ONNX, serve.")
def talk(name: str = "digits", seed: int = 7) -> int:
    data = ingest(seed=seed)
    model = train_svm(training=data.outputs["training"])
    onnx = convert(model=model.outputs["model"])
    return served(onnx.outputs["onnx"], name)


@dsl.pipeline(name="talk-swapped-trainer", description="The same with a random forest: one call differs.")
def swapped(name: str = "digits", seed: int = 7) -> int:
    data = ingest(seed=seed)
    model = train_forest(training=data.outputs["training"])
    onnx = convert(model=model.outputs["model"])
    return served(onnx.outputs["onnx"], name)


@dsl.pipeline(name="talk-validated", description="The same with a validation step before training.")
def validated(name: str = "digits", seed: int = 7) -> int:
    data = ingest(seed=seed)
    checked = validate(training=data.outputs["training"])
    model = train_svm(training=checked.outputs["validated"])
    onnx = convert(model=model.outputs["model"])
    return served(onnx.outputs["onnx"], name)


PIPELINES = {"talk": talk, "swapped": swapped, "validated": validated}


def compile_to(directory, variant):
    path = pathlib.Path(directory) / f"talk-v2-{variant}.yaml"
    compiler.Compiler().compile(PIPELINES[variant], str(path))
    return str(path)


if __name__ == "__main__":
    for variant in PIPELINES:
        print(compile_to(sys.argv[1] if len(sys.argv) > 1 else ".", variant))
