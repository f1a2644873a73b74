"""Muon for convolutions (Keller Jordan and others, 2024): steps whose matrices are made orthogonal before they are taken.

A step of momentum turns few directions of a weight matrix and leaves the others; made orthogonal, it turns all of them alike,
and a network learns as much from fewer pictures. As batch norm follows every convolution, the length of its weights says
nothing: they are kept at one length, and the learning rate is the length of a step relative to theirs. Knows nothing of
the network; takes tensors [O, I, K, K].
"""

import torch

# Newton-Schulz iteration of an odd polynomial that draws singular values from 0..1 near 1 within few rounds (Jordan's coefficients).
LINEAR, CUBIC, QUINTIC = 3.4445, -4.7750, 2.0315
ROUNDS = 3  # five come nearer to orthogonal, and took half a second on 2 cores for all of ResNet-50's convolutions
TINY = 1e-7


def orthogonalize(matrix):
    """The matrix [M, N] with its singular values near 1, in bfloat16."""
    x = matrix.to(torch.bfloat16)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.t()
    x = x / (x.norm() + TINY)
    for _ in range(ROUNDS):
        gram = x @ x.t()
        x = LINEAR * x + (CUBIC * gram + QUINTIC * (gram @ gram)) @ x
    return x.t() if tall else x


def _rows(weights):
    """[O, I, K, K] -> [O, K * K * I], without a copy where the weights are in channels_last."""
    return weights.permute(0, 2, 3, 1).reshape(len(weights), -1)


class Muon(torch.optim.Optimizer):
    """`lr`: length of a step relative to the weights' own."""

    def __init__(self, weights, lr=0.0, momentum=0.9):
        super().__init__(weights, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    self._step(weights, group["lr"], group["momentum"])

    def _step(self, weights, rate, momentum):
        state = self.state[weights]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(weights)
        velocity = state["velocity"]
        velocity.mul_(momentum).add_(weights.grad)
        outputs, inputs, height, width = weights.shape
        turned = orthogonalize(_rows(weights.grad.add(velocity, alpha=momentum))).float()
        turned = turned.reshape(outputs, height, width, inputs).permute(0, 3, 1, 2)
        length = outputs**0.5
        weights.mul_(length / weights.norm())
        weights.add_(turned, alpha=-rate * length / (float(turned.norm()) + TINY))
