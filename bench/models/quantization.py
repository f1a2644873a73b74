"""8-bit codes as the peers' own converters choose them: activations per tensor and asymmetric over the calibrated range,
weights per output channel and symmetric, biases int32. Knows no file format."""
import numpy as np


def activation(interval, signed):
    """(scale, zero point) of int8 or uint8 codes for a real interval, which is widened to hold zero."""
    low, high = min(interval[0], 0.0), max(interval[1], 0.0)
    scale = np.float32(max(high - low, 1e-6) / 255)
    lowest = -128 if signed else 0
    return scale, int(np.clip(round(lowest - low / float(scale)), lowest, lowest + 255))


def weight(values, per_channel=True):
    """(int8 codes, float32 scales); the output channel is the first axis."""
    magnitudes = np.abs(values.reshape(len(values), -1)).max(axis=1 if per_channel else None)
    scales = np.atleast_1d(magnitudes / 127).astype(np.float32)
    codes = np.rint(values / scales.reshape(-1, *[1] * (values.ndim - 1)))
    return np.clip(codes, -127, 127).astype(np.int8), scales


def bias(values, input_scale, scales):
    return np.rint(values.astype(np.float64) / (float(input_scale) * scales.astype(np.float64))).astype(np.int32)
