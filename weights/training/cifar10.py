"""Trains torchvision's resnet50(num_classes=10) on CIFAR-10, the source of ResNet50_Weights.CIFAR10_DEMO.

    python3 weights/training/cifar10.py --data FOLDER --output cifar10.pth [--minutes N] [--start SHARDS] [--device cuda]

FOLDER holds train/CLASS/*.jpg (50,000 pictures) and test/CLASS/*.jpg (10,000). The training takes the minutes that it is
given, whatever the machine: pictures grow from 40 to 64 pixels and the learning rate falls with the time, as small
pictures are cheap and the last epochs decide. It begins with nothing, or with a variant's int8 shards (a folder with a
manifest). Stopped runs go on from OUTPUT.state. At the end it prints the accuracy on the test pictures, by torchvision's
own transforms on Pillow's, in float32, and writes a state dict, and OUTPUT.json, which says what was done and reached.
It computes in bfloat16 on graphics cards and on processors that have it (6 times the speed on one with AMX), else in float32.
"""

import argparse
import collections
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
from shards import start_from_shards

MEAN = (0.485, 0.456, 0.406)  # those of torchvision's variants, so that the demo's transforms look like theirs
STD = (0.229, 0.224, 0.225)
RESIZE, CROP, SIDE = 72, 64, 32  # evaluation sees the middle CROP/RESIZE of each 32x32 picture
BATCH = 256
MOMENTUM, DECAY, SMOOTHING = 0.9, 5e-4, 0.1
Schedule = collections.namedtuple("Schedule", "peak_rate warm_up phases")
SCHEDULES = {  # by what the training begins with; parts of the time until which the rate rises, and pictures have which size
    "nothing": Schedule(0.2, 0.12, ((0.4, 40), (0.72, 52), (1.0, CROP))),
    "shards": Schedule(0.06, 0.04, ((0.45, 48), (1.0, CROP))),
}
WHOLE_FROM = 0.85  # from this part of the time on, every epoch sees every picture
WINDOWS = (26.0, 33.0)  # sides of random crops, in pixels of the picture
CUT = 6  # side of the square that is blanked, in pixels of the picture


def processor_type():
    """What a processor multiplies in: bfloat16 where it has instructions for it."""
    try:
        with open("/proc/cpuinfo") as file:
            has = "bf16" in file.read()
    except OSError:
        has = False
    return torch.bfloat16 if has else torch.float32


COMPUTE = {"cpu": processor_type(), "cuda": torch.bfloat16}


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


def rate_at(progress, schedule):
    """Learning rate at a part of the training: linear up, cosine down."""
    if progress < schedule.warm_up:
        return schedule.peak_rate * progress / schedule.warm_up
    return schedule.peak_rate * 0.5 * (1 + math.cos(math.pi * (progress - schedule.warm_up) / (1 - schedule.warm_up)))


def make_optimizer(model):
    """Weight decay holds weights, not biases or batch norm."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=0.0, momentum=MOMENTUM, nesterov=True)


class Clock:
    """How much of the time given is gone, over interruptions."""

    def __init__(self, minutes, spent=0.0):
        self.given, self.begun = minutes * 60, time.monotonic() - spent

    def spent(self):
        return time.monotonic() - self.begun

    def progress(self):
        return min(1.0, self.spent() / self.given)


def choose_pictures(last_losses, progress):
    """Which pictures an epoch sees, in random order, and how much each counts: half of the easy ones (below the mean loss)
    sit out and the others count twice (InfoBatch, Qin et al., 2024)."""
    order = torch.randperm(len(last_losses))
    easy = last_losses < last_losses[last_losses.isfinite()].mean()
    if progress >= WHOLE_FROM or not easy.any():
        return order, torch.ones(len(last_losses))
    seen = ~easy | (torch.rand(len(last_losses)) < 0.5)
    return order[seen[order]], 1.0 + easy.float()


def train_epoch(model, optimizer, pictures, labels, last_losses, clock, schedule):
    """One pass over the training pictures, or as far as the time goes. Returns mean loss, part of right answers while
    training, pictures seen and their size."""
    model.train()
    order, weights = choose_pictures(last_losses, clock.progress())
    size = next(size for until, size in schedule.phases if clock.progress() < until)
    losses, right, seen = 0.0, 0, 0
    for start in range(0, len(order) - BATCH + 1, BATCH):
        if clock.progress() >= 1:
            break
        chosen = order[start : start + BATCH]
        there = chosen.to(pictures.device)
        inputs = augment(pictures[there], size).to(COMPUTE[pictures.device.type]).contiguous(memory_format=torch.channels_last)
        logits = model(inputs)
        each = F.cross_entropy(logits, labels[there], label_smoothing=SMOOTHING, reduction="none")
        for group in optimizer.param_groups:
            group["lr"] = rate_at(clock.progress(), schedule)
        optimizer.zero_grad(set_to_none=True)
        (each * weights[chosen].to(each.device)).mean().backward()
        optimizer.step()
        last_losses[chosen] = each.detach().float().cpu()
        losses += float(each.sum())
        right += int((logits.argmax(1) == labels[there]).sum())
        seen += BATCH
    return losses / max(seen, 1), right / max(seen, 1), seen, size


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
    return right / len(pictures)


def facts(model, names, options, top1, epochs):
    """What the registry says of the variant (make_registry.py), and how it came about."""
    multiplications = 333_664_256  # of the 53 convolutions and the classifier on 64x64 pixels
    return {
        "classes": names,
        "transforms": {"resizeSize": RESIZE, "cropSize": CROP, "interpolation": "bilinear", "mean": MEAN, "std": STD},
        "parameters": sum(p.numel() for p in model.parameters()),
        "gmac": round(multiplications / 1e9, 3),
        "top1": round(100 * top1, 2),
        "training": {"start": options.start or "nothing", "minutes": options.minutes, "epochs": round(epochs, 1),
                     "seed": options.seed, "device": options.device, "torch": torch.__version__},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with train/CLASS/*.jpg and test/CLASS/*.jpg")
    parser.add_argument("--output", required=True, help="state dict to write")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--start", help="folder of a variant with int8 shards (default: begin with nothing)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count())  # Debian's default is one
    torch.manual_seed(options.seed)
    pictures, labels, names = read_split(os.path.join(options.data, "train"))
    tests, truth, _ = read_split(os.path.join(options.data, "test"))
    print(f"{len(pictures)} pictures to learn from, {len(tests)} to measure, classes: {', '.join(names)}", flush=True)

    held = pictures.to(options.device), labels.to(options.device)
    schedule = SCHEDULES["shards" if options.start else "nothing"]
    model = torchvision.models.resnet50(num_classes=len(names), zero_init_residual=True)
    model.fc.__class__ = Float32Classifier
    if options.start:
        start_from_shards(model, options.start, augment(pictures[torch.randperm(len(pictures))[: 4 * BATCH]], CROP))
    use_matrix_convolutions(model, COMPUTE[options.device] == torch.bfloat16)
    model = model.to(options.device, memory_format=torch.channels_last)
    optimizer = make_optimizer(model)
    state = {"seconds": 0.0, "seen": 0, "losses": torch.full((len(pictures),), float("inf"))}
    state_file = options.output + ".state"
    if os.path.exists(state_file):
        state = torch.load(state_file)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
    clock, losses, total = Clock(options.minutes, state["seconds"]), state["losses"], state["seen"]
    while clock.progress() < 1:
        begun, begun_at = time.monotonic(), clock.progress()
        loss, right, seen, size = train_epoch(model, optimizer, *held, losses, clock, schedule)
        total += seen
        print(f"{begun_at:.0%} to {clock.progress():.0%} of the time, {size}x{size}, {seen} pictures: loss {loss:.4f}, "
              f"{right:.2%} right while training, {time.monotonic() - begun:.0f} s", flush=True)
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "seconds": clock.spent(),
                    "seen": total, "losses": losses, "random": torch.get_rng_state()}, state_file)
    top1 = evaluate(model, tests, truth, options.device)
    print(f"top-1 on {len(tests)} test pictures, float32: {top1:.2%}")
    # A file of its own, without the optimizer, in torchvision's names and torch's default layout.
    torch.save({name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}, options.output)
    with open(options.output + ".json", "w") as file:
        file.write(json.dumps(facts(model, names, options, top1, total / len(pictures)), indent=2) + "\n")


if __name__ == "__main__":
    main()
