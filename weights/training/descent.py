"""How networks are moved, the classifier and its teacher alike: who moves which parameter, and how far at which time. Knows no network."""

import torch

from muon import Muon


def make_optimizers(model, peak_rate, other_peak_rate, momentum=0.9):
    """Muon (with `momentum`) for convolutions, Adam for scales, offsets and the classifier, each with its peak rate."""
    filters = [p for p in model.parameters() if p.ndim == 4]
    others = [p for p in model.parameters() if p.ndim != 4]
    return (Muon(filters, momentum=momentum), peak_rate), (torch.optim.Adam(others, betas=(0.9, 0.99)), other_peak_rate)


def rate_at(progress, warm_up):
    """Part of the peak rate at a part of the training: up until `warm_up` and down in straight lines."""
    return min(progress / warm_up, (1 - progress) / (1 - warm_up))


def begin_step(optimizers, rate):
    """Forgets gradients and sets each optimizer to a part of its peak rate."""
    for optimizer, peak in optimizers:
        optimizer.zero_grad(set_to_none=True)
        for group in optimizer.param_groups:
            group["lr"] = peak * rate
