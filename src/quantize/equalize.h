// Cross-layer equalization: ReLU lets each channel be scaled freely if its consumers scale it back, so channels are
// given like ranges before one scale has to serve them all. Changes weights and biases, never what the network
// computes. (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019; Xiao et al.,
// "SmoothQuant", 2022.) What is new here: each group of channels gets the factors whose expected error is least.
#pragma once

#include <span>
#include <vector>

#include "quantize/activation_statistics.h"
#include "quantize/channel_groups.h"
#include "quantize/fold.h"
#include "quantize/noise_gain.h"

namespace resnet50 {

// Bounds of the factors. Channels that hardly lived in the calibration images may live in others: they are not
// stretched far.
inline constexpr float kLeastFactor = 1.0F, kMostFactor = 30.0F;

// One factor a channel of the group. Of a family of factors, (a channel's size / the median's) ^ strength with size as
// the largest or the root mean square of its values and strengths from 0 to 1, those for which the error of 7-bit
// activations (measured on the probes) and of 8-bit weights (expected) together disturb the logits least.
std::vector<float> ChooseFactors(const std::vector<Layer>& layers, const ChannelGroup& group,
                                 const std::vector<FoldedLayer>& weights, const ActivationStatistics& statistics,
                                 const NoiseGains& gains);

// Divides the group's channels by the factors where they are produced and multiplies where they are read. `weights` has
// one entry a row of the table.
void Equalize(const std::vector<Layer>& layers, const ChannelGroup& group, std::span<const float> factors,
              std::vector<FoldedLayer>& weights);

}  // namespace resnet50
