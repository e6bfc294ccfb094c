"""Ingest and transform: the handwritten digits, scaled to 0…1, split into training and held-out images."""

import argparse
import pathlib

import numpy
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import bucket as buckets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--training", default="/data/training.npz")
    parser.add_argument("--held-out", default="/data/held-out.npz")
    parser.add_argument("--output", default=str(buckets.OUTPUT))
    arguments = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype("float32")
    train_images, held_images, train_labels, held_labels = train_test_split(
        images, labels, test_size=0.25, random_state=arguments.seed, stratify=labels)

    for path, x, y in (
        (arguments.training, train_images, train_labels),
        (arguments.held_out, held_images, held_labels),
    ):
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            numpy.savez(file, images=x, labels=y.astype("int64"))
        print(f"{path}: {len(y)} images", flush=True)
    buckets.publish(arguments.bucket, arguments.training, arguments.output)


main()
