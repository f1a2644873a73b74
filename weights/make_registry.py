#!/usr/bin/env python3
"""Writes registry.json and re-labels imagenet-1k.json from torchvision's own weights enum; checks both. Our own variant,
CIFAR10_DEMO, is described by what its training left in training/result.json.

Knows nothing of converted weights, shards or where they are served from. Needs torchvision >= 0.14.

  make_registry.py                        write both files
  make_registry.py --check                write nothing, fail if a file would change
  ... --wordnet data.noun                 also check every WordNet id against WordNet 3.0's noun file
  ... --photos labels.json                also check ids against photos named WNID_name.JPEG: [{file, class}, ...]

imagenet-1k.json is itself the store of the WordNet ids: torchvision's enum has labels only. ImageNet's classes are
numbered by ascending WordNet id, so an id that is wrong, doubled or misplaced breaks the order or the WordNet check.
"""
import argparse
import json
import pathlib
import re
import sys

from torchvision.models import ResNet50_Weights

HERE = pathlib.Path(__file__).resolve().parent
REGISTRY = HERE / "registry.json"
CLASSES = HERE / "imagenet-1k.json"
TRAINING = HERE / "training" / "result.json"

# Figures that torchvision's enum has from 0.15 on (0.14 has none): GMAC of one 224x224 image, checkpoint size in MB.
OPS = {"IMAGENET1K_V1": 4.089, "IMAGENET1K_V2": 4.089}
FILE_SIZE = {"IMAGENET1K_V1": 97.781, "IMAGENET1K_V2": 97.79}

DOCS = {
    "IMAGENET1K_V1": "The classic recipe: accuracy close to the ResNet paper's. More confident scores than V2, and the "
    "better choice when embeddings are compared with each other.",
    "IMAGENET1K_V2": "TorchVision's newer training recipe (long schedule, label smoothing, mixup and cutmix, averaged "
    "weights): the more accurate of the two. Its scores are lower and its embeddings less suited to similarity.",
}

# torchvision tells apart two classes that share WordNet's first word; everywhere else the label is that first word.
LABEL_NOT_FIRST_LEMMA = {134: "crane", 639: "maillot"}


def registry_entry(weights):
    """One variant: torchvision's url, preset and meta, without the class names (they lie in imagenet-1k.json)."""
    preset = weights.transforms()
    meta = weights.meta
    name = weights.name
    return {
        "url": weights.url,
        "transforms": {
            "resizeSize": preset.resize_size[0],
            "cropSize": preset.crop_size[0],
            "interpolation": preset.interpolation.value,
            "mean": list(preset.mean),
            "std": list(preset.std),
        },
        "meta": {
            "num_params": meta["num_params"],
            "min_size": list(meta["min_size"]),
            "recipe": meta["recipe"],
            "_metrics": meta["_metrics"],
            "_ops": known(meta, "_ops", OPS[name]),
            "_file_size": known(meta, "_file_size", FILE_SIZE[name]),
            "_docs": DOCS[name],
        },
    }


def demo_entry(result):
    """Our own variant, in the same terms. Its figures are those that training measured on CIFAR-10's test pictures."""
    return {
        "url": None,
        "transforms": result["transforms"],
        "meta": {
            "categories": result["classes"],
            "num_params": result["parameters"],
            "min_size": [1, 1],
            "recipe": "weights/training/cifar10.py",
            "_metrics": {"CIFAR-10": {"acc@1": result["top1"]}},
            "_ops": result["gmac"],
            "_docs": "Ten classes, learned from the small pictures of CIFAR-10 by this project's own script: to try the "
            "package without a network and to test it with trained weights. It knows no other classes and is no "
            "substitute for the ImageNet variants.",
        },
    }


def known(meta, field, figure):
    """Our figure, which must be torchvision's where this torchvision has one."""
    if meta.get(field, figure) != figure:
        raise SystemExit(f"{field}: torchvision says {meta[field]}, this script {figure}")
    return figure


def registry_text():
    variants = {w.name: registry_entry(w) for w in ResNet50_Weights}
    demo = demo_entry(json.loads(TRAINING.read_text()))
    document = {"DEFAULT": ResNet50_Weights.DEFAULT.name, **variants, "CIFAR10_DEMO": demo}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Arrays of numbers on one line each.
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r",\s+", ", ", m[1]) + "]", text) + "\n"


def classes_text(wnids, labels):
    rows = (json.dumps({"wnid": w, "label": c}, ensure_ascii=False, separators=(",", ":")) for w, c in zip(wnids, labels))
    return "[\n" + ",\n".join(rows) + "\n]\n"


def check_wnids(wnids):
    """1000 ids nXXXXXXXX, strictly ascending."""
    if len(wnids) != 1000:
        yield f"{len(wnids)} ids, not 1000"
    yield from (f"not a WordNet id: {w!r}" for w in wnids if not re.fullmatch(r"n\d{8}", w))
    yield from (f"{b} does not come after {a}" for a, b in zip(wnids, wnids[1:]) if not a < b)


def check_wordnet(wnids, labels, path):
    """Every id is the byte offset of a noun synset whose first word is the label."""
    first = {}
    with open(path, encoding="latin-1") as lines:
        for line in lines:
            fields = line.split(" ", 5)
            if fields[0].isdigit():
                first["n" + fields[0]] = fields[4].replace("_", " ")
    for index, (wnid, label) in enumerate(zip(wnids, labels)):
        expected = LABEL_NOT_FIRST_LEMMA.get(index, label)
        if first.get(wnid) != expected:
            yield f"class {index}: {wnid} is {first.get(wnid)!r} in WordNet, the label is {label!r}"


def check_photos(wnids, path):
    """Photos' names begin with the id of their class."""
    photos = json.loads(pathlib.Path(path).read_text())
    for photo in photos:
        if photo["file"].split("_")[0] != wnids[photo["class"]]:
            yield f"{photo['file']} is said to be class {photo['class']}, which is {wnids[photo['class']]}"
    print(f"{len(photos)} photos compared")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file would change")
    parser.add_argument("--wordnet", metavar="FILE", help="WordNet 3.0's data.noun")
    parser.add_argument("--photos", metavar="FILE", help="labels.json of photos named by WordNet id")
    options = parser.parse_args()

    labels = ResNet50_Weights.DEFAULT.meta["categories"]
    wnids = [row["wnid"] for row in json.loads(CLASSES.read_text())]
    problems = list(check_wnids(wnids))
    problems += [f"{w.name} has other class names" for w in ResNet50_Weights if w.meta["categories"] != labels]
    if options.wordnet:
        problems += check_wordnet(wnids, labels, options.wordnet)
    if options.photos:
        problems += check_photos(wnids, options.photos)

    for path, text in ((REGISTRY, registry_text()), (CLASSES, classes_text(wnids, labels))):
        if options.check:
            problems += [] if path.exists() and path.read_text() == text else [f"{path.name} is not up to date"]
        elif not problems:
            path.write_text(text)
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(wnids)} classes, {len(ResNet50_Weights)} variants: in order")


if __name__ == "__main__":
    main()
