"""Trains torchvision's resnet50(num_classes=10) on CIFAR-10 from nothing, the source of ResNet50_Weights.CIFAR10_DEMO.

    python3 weights/training/cifar10.py --data FOLDER --output cifar10.pth [--device cuda]

FOLDER holds train/CLASS/*.jpg (50,000 pictures) and test/CLASS/*.jpg (10,000). Pictures grow from 40 to 64 pixels as the
training goes on, as small ones are cheap and the last epochs decide. Stopped runs go on from OUTPUT.state. At the end
it prints the accuracy on the test pictures, by torchvision's own transforms on Pillow's, in float32, and writes a state
dict, and OUTPUT.json, which says what was done and reached. On a processor it computes in bfloat16 (fast with AMX or AVX512-BF16); an epoch takes 2 to 4 minutes on 2 cores.
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

MEAN = (0.485, 0.456, 0.406)  # those of torchvision's variants, so that the demo's transforms look like theirs
STD = (0.229, 0.224, 0.225)
RESIZE, CROP, SIDE = 72, 64, 32  # evaluation sees the middle CROP/RESIZE of each 32x32 picture
PHASES = ((0.4, 40), (0.72, 52), (1.0, CROP))  # until which part of the training pictures have which size
BATCH = 256
PEAK_RATE, MOMENTUM, DECAY, SMOOTHING = 0.2, 0.9, 5e-4, 0.1
WARM_UP = 0.12  # part of the training
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
    """Learning rate at a part of the training: linear up, cosine down."""
    if progress < WARM_UP:
        return PEAK_RATE * progress / WARM_UP
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def make_optimizer(model):
    """Weight decay holds weights, not biases or batch norm."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=0.0, momentum=MOMENTUM, nesterov=True)


def train_epoch(model, optimizer, pictures, labels, epoch, epochs):
    """One pass over the training pictures. Returns the mean loss and the part of right answers while training."""
    model.train()
    order = torch.randperm(len(pictures))
    steps = len(pictures) // BATCH
    size = next(size for until, size in PHASES if (epoch + 0.5) / epochs < until)
    losses, right = 0.0, 0
    for step in range(steps):
        chosen = order[step * BATCH : (step + 1) * BATCH].to(pictures.device)
        inputs = augment(pictures[chosen], size).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
        logits = model(inputs)
        loss = F.cross_entropy(logits, labels[chosen], label_smoothing=SMOOTHING)
        for group in optimizer.param_groups:
            group["lr"] = rate_at((epoch + step / steps) / epochs)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses += float(loss)
        right += int((logits.argmax(1) == labels[chosen]).sum())
    return losses / steps, right / (steps * BATCH), size


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


def facts(model, names, options, top1, seconds):
    """What the registry says of the variant (make_registry.py), and how it came about."""
    multiplications = 333_664_256  # of the 53 convolutions and the classifier on 64x64 pixels
    return {
        "classes": names,
        "transforms": {"resizeSize": RESIZE, "cropSize": CROP, "interpolation": "bilinear", "mean": MEAN, "std": STD},
        "parameters": sum(p.numel() for p in model.parameters()),
        "gmac": round(multiplications / 1e9, 3),
        "top1": round(100 * top1, 2),
        "training": {"epochs": options.epochs, "seed": options.seed, "device": options.device,
                     "torch": torch.__version__, "minutes": round(seconds / 60)},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with train/CLASS/*.jpg and test/CLASS/*.jpg")
    parser.add_argument("--output", required=True, help="state dict to write")
    parser.add_argument("--epochs", type=int, default=22)
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
    optimizer = make_optimizer(model)
    state_file, first = options.output + ".state", 0
    if os.path.exists(state_file):
        state = torch.load(state_file)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        first = state["epochs"]
    seconds = 0.0 if first == 0 else state["seconds"]
    held = pictures.to(options.device), labels.to(options.device)
    for epoch in range(first, options.epochs):
        begun = time.time()
        loss, right, size = train_epoch(model, optimizer, *held, epoch, options.epochs)
        seconds += time.time() - begun
        print(f"epoch {epoch + 1}/{options.epochs}, {size}x{size}: loss {loss:.4f}, {right:.2%} right while training, "
              f"{time.time() - begun:.0f} s", flush=True)
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epoch + 1,
                    "seconds": seconds, "random": torch.get_rng_state()}, state_file)
    top1 = evaluate(model, tests, truth, options.device)
    print(f"top-1 on {len(tests)} test pictures, float32: {top1:.2%}")
    # A file of its own, without the optimizer, in torchvision's names and torch's default layout.
    torch.save({name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}, options.output)
    with open(options.output + ".json", "w") as file:
        file.write(json.dumps(facts(model, names, options, top1, seconds), indent=2) + "\n")


if __name__ == "__main__":
    main()
