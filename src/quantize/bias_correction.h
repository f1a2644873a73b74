// Biases that give each channel the mean it has in the f32 network, behind its ReLU: what rounding and clipping shift
// on average is known from the calibration images. (Nagel et al., 2019, with the mean taken where the next layer sees
// it: before a ReLU most of a sparse channel's mean is about values that no one reads.) Knows numbers only.
#pragma once

#include <span>
#include <vector>

#include "network/operators.h"

namespace resnet50 {

// One shift a channel, to be added to `sums` (real-valued sums before ReLU, an image each, channels innermost) so that
// max(sum + shift, 0) has the mean `wanted`. Channels that are hardly ever above zero are left alone.
std::vector<float> FindBiasShifts(const std::vector<std::vector<float>>& sums, std::span<const double> wanted,
                                  const ThreadPool& pool);

}  // namespace resnet50
