"""Trains torchvision's resnet50(num_classes=10) on CIFAR-10, the source of ResNet50_Weights.CIFAR10_DEMO.

    python3 weights/training/cifar10.py --data FOLDER --output cifar10.pth [--device cuda]
    python3 weights/training/cifar10.py --data FOLDER --output cifar10.pth --start FILE.pth --teacher TEACHER.pth

FOLDER holds train/CLASS/*.jpg (50,000 pictures) and test/CLASS/*.jpg (10,000). A training takes the minutes it is given.
From nothing, pictures and network grow meanwhile: the first block of each stage learns from small pictures, which costs a
tenth, then the other blocks join (they begin as the identity, as their last scale is zero), then the pictures get their
full size. With --start the whole network goes on from a state dict; with --teacher (teacher.py) it learns what the teacher
answers to each window and to mixtures of two, beside the labels. Stopped runs go on from OUTPUT.state. At the end it
prints the accuracy on the test pictures, by torchvision's own transforms on Pillow's, in float32, and writes a state dict,
and OUTPUT.json, which says what was done and reached. On a processor it computes in bfloat16, which is fast with AMX or
AVX512-BF16 only, and wants glibc to keep its memory: MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000 in the
environment save about 5 % at 64 pixels.
"""

import argparse
import json
import math
import os
import time

import torch
import torch.nn.functional as F
import torchvision
from PIL import Image

from descent import begin_step, make_optimizers, rate_at
from matrix_convolution import use_matrix_convolutions
from pictures import CROP, MEAN, RESIZE, SIDE, STD, cut, look, normalize, random_windows, read_split, with_border
from teacher import evaluate as measure_teacher, load_teacher

ALL = 6  # at least the number of blocks of the deepest stage
# Until which part of the training pictures have which size, and stages how many blocks.
FROM_NOTHING = ((0.08, 32, 1), (0.46, 48, 1), (0.62, 48, ALL), (1.00, CROP, ALL))
GOING_ON = ((0.45, 48, ALL), (1.00, CROP, ALL))
BATCH, SHARE = 512, 128  # pictures of a step, and how many of them are computed, and normalized, at once
PEAK_RATE, PEAK_RATE_GOING_ON, PEAK_SCALE_RATE = 0.02, 0.012, 2e-3  # Muon's rate; Adam's for batch norm and classifier
SMOOTHING = 0.1  # of the labels, without a teacher
TEMPERATURE, LABELS_PART = 2.0, 0.5  # how soft the teacher's answers are made, and how much labels count beside them
MIXED, MIXED_UNTIL = 0.5, 0.85  # part of the pictures that are mixed with another, with a teacher; until when
WARM_UP = 0.03  # part of the training
SAVED_EVERY = 300  # seconds


class Stage(torch.nn.Sequential):
    """A stage of which the first blocks are there yet."""

    def forward(self, maps):
        for block in list(self)[: self.depth]:
            maps = block(maps)
        return maps


def grow(model, depth):
    """Stages of at most `depth` blocks. Those that are left out get no gradient, so no optimizer moves them."""
    for stage in (model.layer1, model.layer2, model.layer3, model.layer4):
        stage.__class__, stage.depth = Stage, depth


def to_maps(views):
    return views.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


def mix(values, share):
    """`share` [N, 1] of each of N values, and the rest of the one before it."""
    share = share.view(-1, *[1] * (values.ndim - 1))
    return share * values + (1 - share) * values.roll(1, 0)


class Lesson:
    """What the network is shown and how its answers are judged: by labels, or by a teacher and labels."""

    def __init__(self, teacher=None):
        self.teacher = teacher

    def loss(self, model, pictures, labels, size, mixed):
        """Mean loss over uint8 pictures [N, 3, 32, 32], of which a part `mixed` is mixtures, and how many were answered rightly."""
        normalized, windows = normalize(pictures), random_windows(len(pictures), pictures.device)
        views = look(cut(normalized), windows, size)
        if self.teacher is None:
            logits = model(to_maps(views))
            return F.cross_entropy(logits, labels, label_smoothing=SMOOTHING), int((logits.argmax(1) == labels).sum())
        share = torch.rand(len(labels), 1, device=labels.device)
        share[torch.rand(len(labels), device=labels.device) >= mixed] = 1
        logits = model(to_maps(mix(views, share)))
        truth = mix(F.one_hot(labels, logits.shape[1]).float(), share)
        with torch.no_grad():  # the teacher sees the border, and nothing blanked
            answers = self.teacher(mix(look(normalized, with_border(windows), SIDE), share))
        beside_teacher = F.kl_div(F.log_softmax(logits / TEMPERATURE, 1), F.log_softmax(answers / TEMPERATURE, 1),
                                  log_target=True, reduction="batchmean") * TEMPERATURE**2
        loss = (1 - LABELS_PART) * beside_teacher + LABELS_PART * F.cross_entropy(logits, truth)
        return loss, int((logits.argmax(1) == truth.argmax(1)).sum())


def train_step(model, lesson, optimizers, pictures, labels, size, mixed, rate):
    """One step on BATCH pictures. Returns the mean loss and how many answers were right."""
    begin_step(optimizers, rate)
    loss_sum, right = 0.0, 0
    for seen, truth in zip(pictures.split(SHARE), labels.split(SHARE)):
        loss, hits = lesson.loss(model, seen, truth, size, mixed)
        loss = loss * (len(truth) / len(labels))
        loss.backward()
        loss_sum, right = loss_sum + float(loss), right + hits
    for optimizer, _ in optimizers:
        optimizer.step()
    return loss_sum, right


class Course:
    """A training under way: where it is, what it has seen, and how to go on with it after a stop."""

    def __init__(self, model, lesson, going_on, minutes, file):
        self.model, self.lesson, self.file = model, lesson, file
        self.phases = GOING_ON if going_on else FROM_NOTHING
        self.optimizers = make_optimizers(model, PEAK_RATE_GOING_ON if going_on else PEAK_RATE, PEAK_SCALE_RATE)
        self.length, self.seconds, self.seen = minutes * 60, 0.0, 0
        if os.path.exists(file):
            state = torch.load(file)
            model.load_state_dict(state["model"])
            for (optimizer, _), held in zip(self.optimizers, state["optimizers"]):
                optimizer.load_state_dict(held)
            torch.set_rng_state(state["random"])
            self.seconds, self.seen = state["seconds"], state["seen"]

    def save(self):
        optimizers = [optimizer.state_dict() for optimizer, _ in self.optimizers]
        torch.save({"model": self.model.state_dict(), "optimizers": optimizers, "random": torch.get_rng_state(),
                    "seconds": self.seconds, "seen": self.seen}, self.file)

    def run(self, pictures, labels):
        """Passes over the pictures until the time is up."""
        self.model.train()
        saved = self.seconds
        while self.seconds < self.length:
            losses, right, steps, begun = 0.0, 0, 0, self.seconds
            for chosen in torch.randperm(len(pictures)).to(pictures.device).split(BATCH):
                clock, progress = time.time(), self.seconds / self.length
                size, depth = next(phase[1:] for phase in self.phases if progress < phase[0])
                grow(self.model, depth)
                mixed = MIXED if progress < MIXED_UNTIL else 0
                loss, hits = train_step(self.model, self.lesson, self.optimizers, pictures[chosen], labels[chosen],
                                        size, mixed, rate_at(progress, WARM_UP))
                losses, right, steps, self.seen = losses + loss, right + hits, steps + len(chosen), self.seen + len(chosen)
                self.seconds += time.time() - clock
                if self.seconds - saved > SAVED_EVERY:
                    self.save()
                    saved = self.seconds
                if self.seconds >= self.length:
                    break
            print(f"{self.seconds / 60:.1f} of {self.length / 60:.0f} minutes, {self.seen} pictures, {size}x{size}, "
                  f"{'whole network' if depth == ALL else f'{depth} block a stage'}: "
                  f"loss {losses / math.ceil(steps / BATCH):.4f}, {right / steps:.2%} right while training, "
                  f"{steps / (self.seconds - begun):.0f} pictures a second", flush=True)
        self.save()


class Float32Classifier(torch.nn.Linear):
    """The last layer, in float32 whatever the maps before it were."""

    def forward(self, features):
        return super().forward(features.float())


def evaluate(model, pictures, labels, device):
    """Top-1 in float32 behind torchvision's own transforms of Pillow's pictures."""
    transform = torchvision.transforms.Compose([
        torchvision.transforms.Resize(RESIZE), torchvision.transforms.CenterCrop(CROP),
        torchvision.transforms.ToTensor(), torchvision.transforms.Normalize(MEAN, STD),
    ])
    model.eval()
    use_matrix_convolutions(model, False)
    right = 0
    with torch.inference_mode():
        for start in range(0, len(pictures), BATCH):
            batch = pictures[start : start + BATCH].permute(0, 2, 3, 1).numpy()
            inputs = torch.stack([transform(Image.fromarray(picture)) for picture in batch])
            answers = model(inputs.to(device)).argmax(1).cpu()
            right += int((answers == labels[start : start + BATCH]).sum())
    use_matrix_convolutions(model, True)
    return right / len(pictures)


def history(options, course, teacher_top1):
    """How the weights came about, with what came before where that is on record."""
    told = {"pictures": course.seen, "seed": options.seed, "device": options.device, "torch": torch.__version__,
            "minutes": round(course.seconds / 60)}
    if options.teacher:
        told["teacherTop1"] = round(100 * teacher_top1, 2)
    if options.start and os.path.exists(options.start + ".json"):
        with open(options.start + ".json") as file:
            told["start"] = json.load(file)["training"]
    return told


def facts(model, names, training, top1):
    """What the registry says of the variant (make_registry.py), and how it came about."""
    multiplications = 333_664_256  # of the 53 convolutions and the classifier on 64x64 pixels
    return {
        "classes": names,
        "transforms": {"resizeSize": RESIZE, "cropSize": CROP, "interpolation": "bilinear", "mean": MEAN, "std": STD},
        "parameters": sum(p.numel() for p in model.parameters()),
        "gmac": round(multiplications / 1e9, 3),
        "top1": round(100 * top1, 2),
        "training": training,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with train/CLASS/*.jpg and test/CLASS/*.jpg")
    parser.add_argument("--output", required=True, help="state dict to write")
    parser.add_argument("--start", help="state dict to go on from, instead of from nothing")
    parser.add_argument("--teacher", help="what teacher.py wrote: a network to learn from beside the labels")
    parser.add_argument("--minutes", type=float, default=110)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count())  # Debian's default is one
    torch.manual_seed(options.seed)
    pictures, labels, names = read_split(os.path.join(options.data, "train"))
    tests, truth, _ = read_split(os.path.join(options.data, "test"))
    print(f"{len(pictures)} pictures to learn from, {len(tests)} to measure, classes: {', '.join(names)}", flush=True)

    model = torchvision.models.resnet50(num_classes=len(names), zero_init_residual=True)
    if options.start:
        model.load_state_dict(torch.load(options.start, map_location="cpu"))
    model.fc.__class__ = Float32Classifier
    use_matrix_convolutions(model)
    model = model.to(options.device, memory_format=torch.channels_last)
    teacher = load_teacher(options.teacher).to(options.device) if options.teacher else None
    teacher_top1 = measure_teacher(teacher, normalize(tests).to(options.device), truth.to(options.device)) if teacher else None
    if teacher:
        print(f"teacher's top-1 on them: {teacher_top1:.2%}", flush=True)
    course = Course(model, Lesson(teacher), bool(options.start), options.minutes, options.output + ".state")
    course.run(pictures.to(options.device), labels.to(options.device))
    top1 = evaluate(model, tests, truth, options.device)
    print(f"top-1 on {len(tests)} test pictures, float32: {top1:.2%}")
    # A file of its own, without the optimizer, in torchvision's names and torch's default layout.
    torch.save({name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}, options.output)
    with open(options.output + ".json", "w") as file:
        file.write(json.dumps(facts(model, names, history(options, course, teacher_top1), top1), indent=2) + "\n")


if __name__ == "__main__":
    main()
