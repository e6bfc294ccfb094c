"""What both trainers share: read the images, fit, report, keep the model."""

import argparse
import json
import pathlib

import joblib
import numpy
from sklearn.model_selection import cross_val_score

import bucket as buckets


def train(classifier):
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--training", required=True)
    parser.add_argument("--model", default="/model/model.joblib")
    parser.add_argument("--metrics", default="/mlpipeline-metrics.json")
    parser.add_argument("--output", default=str(buckets.OUTPUT))
    arguments = parser.parse_args()
    buckets.check(arguments.bucket, arguments.training)

    data = numpy.load(arguments.training)
    images, labels = data["images"], data["labels"]
    score = float(cross_val_score(classifier, images, labels, cv=3).mean())
    classifier.fit(images, labels)
    print(f"{classifier!r}: cross-validated accuracy {score:.4f}", flush=True)

    pathlib.Path(arguments.model).parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(classifier, arguments.model)
    metric = {"name": "cross-validated-accuracy", "numberValue": score, "format": "PERCENTAGE"}
    pathlib.Path(arguments.metrics).write_text(json.dumps({"metrics": [metric]}))
    buckets.publish(arguments.bucket, arguments.model, arguments.output)
