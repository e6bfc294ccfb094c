"""Validation before training: shape, range, classes and balance of the training images."""

import argparse
import pathlib
import shutil

import numpy

import bucket as buckets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--training", required=True)
    parser.add_argument("--validated", default="/data/validated.npz")
    parser.add_argument("--output", default=str(buckets.OUTPUT))
    arguments = parser.parse_args()
    buckets.check(arguments.bucket, arguments.training)

    data = numpy.load(arguments.training)
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
    pathlib.Path(arguments.validated).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(arguments.training, arguments.validated)
    buckets.publish(arguments.bucket, arguments.validated, arguments.output)


main()
