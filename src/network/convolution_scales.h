// From real biases and scales to what an int8 convolution computes with, and whether its sums stay where our kernels
// can round them (RESNET50_INT8_LARGEST_SWING).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/operators.h"

namespace resnet50 {

// Biases in steps of the sums. `output_scale` is that of the codes that the sums become. A bias below the floor
// (RESNET50_INT8_BIAS_FLOOR) is raised to it: it clamps every output in either case.
std::vector<int32_t> QuantizeBias(std::span<const float> bias, float input_scale, std::span<const float> scales,
                                  float output_scale);

// How far inputs can move an output channel from its bias, residual included, in codes of the output; or more, if that
// is still within the limit and quicker to say.
double LargestSwing(const LayerWeights& weights, const OperatorQuantization& quantization);

// The least scale of the output with which the swing of a layer without a residual is within the limit, whatever its
// inputs; `codes` are its weights, output channels outermost, `steps` their scales.
float LeastOutputScale(std::span<const int8_t> codes, std::span<const float> steps, float input_scale);

}  // namespace resnet50
