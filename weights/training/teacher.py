"""Trains the teacher: a small convolutional network that learns CIFAR-10's own 32x32 pixels within minutes.

    python3 weights/training/teacher.py --data FOLDER --output teacher.pth [--epochs 12]

Three blocks of two 3x3 convolutions behind a fixed one that whitens 2x2 patches, after Jordan's speed runs ("94% on CIFAR-10
in 3.29 seconds", 2024). ResNet-50 begins with strides of 4 made for large photos, and learns far more slowly from the same
pictures; what this network answers to a picture says more of it than its label, and cifar10.py --teacher learns from that.
"""

import argparse
import os
import time

import torch
import torch.nn.functional as F

from descent import begin_step, make_optimizers, rate_at
from matrix_convolution import MatrixConvolution
from pictures import SIDE, look, normalize, random_windows, read_split, with_border

WIDTHS = (64, 256, 256)  # channels of the blocks
BATCH = 1000
PEAK_RATE, PEAK_OTHER_RATE = 0.15, 1e-2  # Muon's; Adam's for offsets and the classifier
WARM_UP = 0.1
EVALUATED = 500  # pictures at once


def whitening_filters(pictures):
    """Principal directions of the pictures' 2x2 patches, each brought to deviation 1, and their opposites: [24, 3, 2, 2]."""
    patches = F.unfold(pictures, 2).transpose(1, 2).reshape(-1, 12)
    values, directions = torch.linalg.eigh(patches.double().t().cov())
    filters = (directions / (values + 5e-4).sqrt()).t().reshape(12, 3, 2, 2).float()
    return torch.cat((filters, -filters))


class Block(torch.nn.Sequential):
    """[N, I, S, S] -> [N, O, S / 2, S / 2]."""

    def __init__(self, inputs, outputs):
        super().__init__(
            MatrixConvolution(inputs, outputs, 3, padding=1, bias=False),
            torch.nn.MaxPool2d(2),
            torch.nn.BatchNorm2d(outputs, momentum=0.4),
            torch.nn.ReLU(),
            MatrixConvolution(outputs, outputs, 3, padding=1, bias=False),
            torch.nn.BatchNorm2d(outputs, momentum=0.4),
            torch.nn.ReLU(),
        )


class Teacher(torch.nn.Module):
    """Normalized pictures [N, 3, 32, 32] -> logits [N, classes] float32."""

    def __init__(self, classes):
        super().__init__()
        widths = (24, *WIDTHS)
        self.register_buffer("whitening", torch.zeros(24, 3, 2, 2))
        self.blocks = torch.nn.Sequential(*(Block(*pair) for pair in zip(widths, widths[1:])))
        self.classifier = torch.nn.Linear(WIDTHS[-1], classes)
        torch.nn.init.zeros_(self.classifier.weight)

    def forward(self, pictures):
        maps = pictures.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
        maps = F.relu(F.conv2d(maps, self.whitening.to(torch.bfloat16)))
        return self.classifier(self.blocks(maps).amax((2, 3)).float())


def load_teacher(file):
    """The teacher of a file that `main` wrote, ready to answer."""
    state = torch.load(file)
    teacher = Teacher(len(state["classifier.bias"]))
    teacher.load_state_dict(state)
    return teacher.to(memory_format=torch.channels_last).eval()


def train(teacher, pictures, labels, epochs):
    optimizers = make_optimizers(teacher, PEAK_RATE, PEAK_OTHER_RATE, momentum=0.7)
    # The first class's pictures, as they come in order: a sample of all would be better, but the published weights were made so.
    teacher.whitening.copy_(whitening_filters(pictures[:5000]))
    steps, done, begun = epochs * (len(pictures) // BATCH), 0, time.time()
    for epoch in range(epochs):
        teacher.train()
        losses, right = 0.0, 0
        for chosen in torch.randperm(len(pictures)).split(BATCH):
            begin_step(optimizers, rate_at(done / steps, WARM_UP))
            logits = teacher(look(pictures[chosen], with_border(random_windows(len(chosen))), SIDE))
            loss = F.cross_entropy(logits, labels[chosen], label_smoothing=0.05)
            loss.backward()
            for optimizer, _ in optimizers:
                optimizer.step()
            losses, right, done = losses + float(loss), right + int((logits.argmax(1) == labels[chosen]).sum()), done + 1
        print(f"epoch {epoch + 1} of {epochs}: loss {losses * BATCH / len(pictures):.4f}, {right / len(pictures):.2%} right while "
              f"training, {time.time() - begun:.0f} s", flush=True)


def evaluate(teacher, pictures, labels):
    """Top-1 on whole pictures, as they are."""
    teacher.eval()
    with torch.inference_mode():
        answers = torch.cat([teacher(batch).argmax(1) for batch in pictures.split(EVALUATED)])
    return float((answers == labels).float().mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with train/CLASS/*.jpg and test/CLASS/*.jpg")
    parser.add_argument("--output", required=True, help="state dict to write")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count())  # Debian's default is one
    torch.manual_seed(options.seed)
    pictures, labels, names = read_split(os.path.join(options.data, "train"))
    tests, truth, _ = read_split(os.path.join(options.data, "test"))
    teacher = Teacher(len(names)).to(memory_format=torch.channels_last)
    train(teacher, normalize(pictures), labels, options.epochs)
    print(f"teacher's top-1 on {len(tests)} test pictures: {evaluate(teacher, normalize(tests), truth):.2%}")
    torch.save(teacher.state_dict(), options.output)


if __name__ == "__main__":
    main()
