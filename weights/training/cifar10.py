"""Trains torchvision's resnet50(num_classes=10) on CIFAR-10 from nothing, the source of ResNet50_Weights.CIFAR10_DEMO.

    python3 weights/training/cifar10.py --data FOLDER --output cifar10.pth [--device cuda]

FOLDER holds train/CLASS/*.jpg (50,000 pictures) and test/CLASS/*.jpg (10,000). A training takes the minutes it is given.
Pictures and network grow meanwhile: the first block of each stage learns from small pictures, which costs a tenth, then the
other blocks join (they begin as the identity, as their last scale is zero), then the pictures get their full size. Stopped
runs go on from OUTPUT.state. At the end it prints the accuracy on the test pictures, by torchvision's own transforms on
Pillow's, in float32, and writes a state dict, and OUTPUT.json, which says what was done and reached. On a processor it
computes in bfloat16, which is fast with AMX or AVX512-BF16 only, and wants glibc to keep its memory:
MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000 in the environment save about 5 % at 64 pixels.
"""

import argparse
import json
import math
import os
import time

import numpy
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image

from matrix_convolution import use_matrix_convolutions
from muon import Muon

MEAN = (0.485, 0.456, 0.406)  # those of torchvision's variants, so that the demo's transforms look like theirs
STD = (0.229, 0.224, 0.225)
RESIZE, CROP, SIDE = 72, 64, 32  # evaluation sees the middle CROP/RESIZE of each 32x32 picture
ALL = 6  # at least the number of blocks of the deepest stage
PHASES = (  # until which part of the training pictures have which size, and stages how many blocks
    (0.08, 32, 1),
    (0.46, 48, 1),
    (0.62, 48, ALL),
    (1.00, CROP, ALL),
)
BATCH, SHARE = 512, 128  # pictures of a step, and how many of them are computed, and normalized, at once
PEAK_RATE, PEAK_SCALE_RATE, SMOOTHING = 0.02, 2e-3, 0.1  # Muon's rate; Adam's for batch norm and classifier
WARM_UP = 0.03  # part of the training
SAVED_EVERY = 300  # seconds
WINDOWS = (23.0, 33.0)  # sides of random crops, in pixels of the picture
CUT = 8  # side of the square that is blanked, in pixels of the picture


def read_split(folder):
    """Pictures [N, 3, 32, 32] uint8, labels [N] and the class names, in the order of their names."""
    names = sorted(os.listdir(folder))
    pictures, labels = [], []
    for label, name in enumerate(names):
        for file in sorted(os.listdir(os.path.join(folder, name))):
            with Image.open(os.path.join(folder, name, file)) as picture:
                pictures.append(numpy.asarray(picture.convert("RGB")))
            labels.append(label)
    return torch.from_numpy(numpy.stack(pictures)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels), names


def augment(pictures, size):
    """Random windows (place, size, mirrored), one blank square each: uint8 [N, 3, 32, 32] -> float32 [N, 3, size, size]."""
    count, device = len(pictures), pictures.device
    mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=device).view(1, 3, 1, 1)
    normalized = (pictures.float() / 255 - mean) / std
    place = torch.arange(SIDE, device=device).view(1, 1, SIDE)
    corner = torch.randint(-CUT // 2, SIDE - CUT // 2, (2, count, 1, 1), device=device)
    rows = (place.transpose(1, 2) >= corner[0]) & (place.transpose(1, 2) < corner[0] + CUT)
    columns = (place >= corner[1]) & (place < corner[1] + CUT)
    normalized = normalized * ~(rows & columns).unsqueeze(1)
    scale = torch.empty(count, device=device).uniform_(*WINDOWS) / SIDE
    reach = (1 - scale).abs() + 2 / SIDE  # windows may look two pixels past the edge, at the mirrored picture
    shift = torch.empty(2, count, device=device).uniform_(-1, 1) * reach
    mirror = torch.randint(0, 2, (count,), device=device) * 2.0 - 1
    transform = torch.zeros(count, 2, 3, device=device)
    transform[:, 0, 0], transform[:, 1, 1] = scale * mirror, scale
    transform[:, 0, 2], transform[:, 1, 2] = shift[0], shift[1]
    grid = F.affine_grid(transform, (count, 3, size, size), align_corners=False)
    return F.grid_sample(normalized, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def rate_at(progress):
    """Part of the peak rate at a part of the training: up and down in straight lines."""
    return min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))


def make_optimizers(model):
    """Muon for convolutions, Adam for scales, offsets and the classifier, each with its peak rate."""
    filters = [p for p in model.parameters() if p.ndim == 4]
    others = [p for p in model.parameters() if p.ndim != 4]
    return (Muon(filters), PEAK_RATE), (torch.optim.Adam(others, betas=(0.9, 0.99)), PEAK_SCALE_RATE)


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


def train_step(model, optimizers, pictures, labels, size, rate):
    """One step on BATCH pictures. Returns the mean loss and how many answers were right."""
    for optimizer, peak in optimizers:
        optimizer.zero_grad(set_to_none=True)
        for group in optimizer.param_groups:
            group["lr"] = peak * rate
    loss_sum, right = 0.0, 0
    for seen, truth in zip(pictures.split(SHARE), labels.split(SHARE)):
        inputs = augment(seen, size).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
        logits = model(inputs)
        loss = F.cross_entropy(logits, truth, label_smoothing=SMOOTHING) * (len(truth) / len(labels))
        loss.backward()
        loss_sum += float(loss)
        right += int((logits.argmax(1) == truth).sum())
    for optimizer, _ in optimizers:
        optimizer.step()
    return loss_sum, right


class Course:
    """A training under way: where it is, what it has seen, and how to go on with it after a stop."""

    def __init__(self, model, minutes, file):
        self.model, self.optimizers, self.file = model, make_optimizers(model), file
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
                size, depth = next(phase[1:] for phase in PHASES if progress < phase[0])
                grow(self.model, depth)
                loss, hits = train_step(self.model, self.optimizers, pictures[chosen], labels[chosen], size, rate_at(progress))
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


def facts(model, names, options, top1, course):
    """What the registry says of the variant (make_registry.py), and how it came about."""
    multiplications = 333_664_256  # of the 53 convolutions and the classifier on 64x64 pixels
    return {
        "classes": names,
        "transforms": {"resizeSize": RESIZE, "cropSize": CROP, "interpolation": "bilinear", "mean": MEAN, "std": STD},
        "parameters": sum(p.numel() for p in model.parameters()),
        "gmac": round(multiplications / 1e9, 3),
        "top1": round(100 * top1, 2),
        "training": {"pictures": course.seen, "seed": options.seed, "device": options.device,
                     "torch": torch.__version__, "minutes": round(course.seconds / 60)},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with train/CLASS/*.jpg and test/CLASS/*.jpg")
    parser.add_argument("--output", required=True, help="state dict to write")
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
    model.fc.__class__ = Float32Classifier
    use_matrix_convolutions(model)
    model = model.to(options.device, memory_format=torch.channels_last)
    course = Course(model, options.minutes, options.output + ".state")
    course.run(pictures.to(options.device), labels.to(options.device))
    top1 = evaluate(model, tests, truth, options.device)
    print(f"top-1 on {len(tests)} test pictures, float32: {top1:.2%}")
    # A file of its own, without the optimizer, in torchvision's names and torch's default layout.
    torch.save({name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}, options.output)
    with open(options.output + ".json", "w") as file:
        file.write(json.dumps(facts(model, names, options, top1, course), indent=2) + "\n")


if __name__ == "__main__":
    main()
