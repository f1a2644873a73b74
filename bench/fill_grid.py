"""Writes a copy of a checkpoint whose weights have normal noise added, for `npm run bench:curve`.

    python3 bench/fill_grid.py CHECKPOINT.pth OUT.pth [--noise 0.05] [--seed 1]

A product-quantized checkpoint repeats few vectors of weights, so its compressed size says little of a usual network's. Noise
(a part of each tensor's standard deviation) makes every weight a value of its own. Knows nothing of accuracy: compare the
result with its own float32 network.
"""

import argparse

import torch

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("checkpoint")
parser.add_argument("out")
parser.add_argument("--noise", type=float, default=0.05)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

torch.manual_seed(options.seed)
state = torch.load(options.checkpoint, map_location="cpu")
for name, tensor in state.items():
    if name.endswith("weight") and tensor.ndim > 1:
        state[name] = tensor + options.noise * tensor.std() * torch.randn_like(tensor)
torch.save(state, options.out)
