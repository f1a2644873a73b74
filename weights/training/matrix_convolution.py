"""Convolutions in bfloat16 whose weight gradients are matrix products.

On small maps (64x64 pictures) oneDNN's convolution by weights takes half of a training step on a processor; as matrix
products the same sums are several times as fast, and a step of ResNet-50 takes half the time. Knows nothing of the
network or its data: `use_matrix_convolutions` changes the class of every convolution of a model, not its weights or names.
"""

import torch
import torch.nn.functional as F

# Maps of at most this height take their 3x3 weight gradients from a matrix product; above, gathering patches costs more.
LARGEST_GATHERED_MAP = 4


def _rows(maps):
    """[N, C, H, W] in channels_last -> [N * H * W, C], without a copy."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def _maps(rows, batch, height, width):
    """The other way: [N * H * W, C] -> [N, C, H, W] in channels_last."""
    return rows.view(batch, height, width, -1).permute(0, 3, 1, 2)


def _patches(maps, kernel, stride, padding):
    """What each output of a convolution sees: [N * OH * OW, KH * KW * C]."""
    padded = F.pad(maps.permute(0, 2, 3, 1), (0, 0, padding, padding, padding, padding))
    batch, height, width, channels = padded.shape
    out_height, out_width = (height - kernel) // stride + 1, (width - kernel) // stride + 1
    by_image, by_row, by_column, by_channel = padded.stride()
    windows = padded.as_strided(
        (batch, out_height, out_width, kernel, kernel, channels),
        (by_image, by_row * stride, by_column * stride, by_row, by_column, by_channel),
    )
    return windows.reshape(batch * out_height * out_width, kernel * kernel * channels)


class _Pointwise(torch.autograd.Function):
    """1x1 convolution, float32 weights [O, I, 1, 1], bfloat16 maps."""

    @staticmethod
    def forward(context, maps, weight, stride):
        context.shape, context.stride = maps.shape, stride
        seen = maps[:, :, ::stride, ::stride].contiguous(memory_format=torch.channels_last)
        half = weight.to(torch.bfloat16).flatten(1)
        context.save_for_backward(seen, half)
        return _maps(_rows(seen) @ half.t(), seen.shape[0], seen.shape[2], seen.shape[3])

    @staticmethod
    def backward(context, gradient):
        seen, weight = context.saved_tensors
        rows = _rows(gradient.contiguous(memory_format=torch.channels_last))
        to_weight = (rows.t() @ _rows(seen)).float()[:, :, None, None]
        to_maps = _maps(rows @ weight, seen.shape[0], seen.shape[2], seen.shape[3])
        if context.stride > 1:
            sparse = torch.zeros(context.shape, dtype=torch.bfloat16, device=to_maps.device).to(memory_format=torch.channels_last)
            sparse[:, :, :: context.stride, :: context.stride] = to_maps
            to_maps = sparse
        return to_maps, to_weight, None


class _Spatial(torch.autograd.Function):
    """KxK convolution, float32 weights [O, I, K, K], bfloat16 maps."""

    @staticmethod
    def forward(context, maps, weight, stride, padding):
        half = weight.to(torch.bfloat16)
        context.save_for_backward(maps, half)
        context.stride, context.padding = stride, padding
        return F.conv2d(maps, half, None, stride, padding)

    @staticmethod
    def backward(context, gradient):
        maps, weight = context.saved_tensors
        stride, padding = context.stride, context.padding
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        gather = gradient.shape[2] <= LARGEST_GATHERED_MAP
        to_maps, to_weight, _ = torch.ops.aten.convolution_backward(
            gradient, maps, weight, None, (stride, stride), (padding, padding), (1, 1), False, (0, 0), 1,
            (context.needs_input_grad[0], not gather, False),
        )
        if gather:
            outputs, inputs, kernel, _ = weight.shape
            product = _rows(gradient).t() @ _patches(maps, kernel, stride, padding)
            to_weight = product.view(outputs, kernel, kernel, inputs).permute(0, 3, 1, 2)
        return to_maps, to_weight.float(), None, None


class MatrixConvolution(torch.nn.Conv2d):
    """torch.nn.Conv2d (square kernels, one stride, no groups, no bias) of bfloat16 maps, trained as above."""

    def forward(self, maps):
        if self.kernel_size == (1, 1):
            return _Pointwise.apply(maps, self.weight, self.stride[0])
        return _Spatial.apply(maps, self.weight, self.stride[0], self.padding[0])


def use_matrix_convolutions(model, use=True):
    """Changes every convolution of `model` to MatrixConvolution, or back to torch.nn.Conv2d."""
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.__class__ = MatrixConvolution if use else torch.nn.Conv2d
