// Rounding of a layer's weights to a grid so that the layer's output, not each weight, is close: what rounding does to
// one weight is made up for by those that are rounded after it. (Frantar et al., "GPTQ", 2022, in the form of Chee et
// al., "QuIP", 2023: H = L D L^T, and each weight sees the earlier ones' errors through L.) Knows matrices only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "quantize/second_moments.h"

namespace resnet50 {

// The factored covariance of a layer's inputs. Index 0 is rounded last; inputs of most power are rounded first.
struct ErrorFeedback {
  std::vector<uint32_t> order;  // which input each index is
  std::vector<double> lower;    // [inputs, inputs]: below the diagonal, L; the rest is meaningless
  std::vector<double> power;    // D: what a squared error of the index costs
};

// How far measured covariances are trusted.
struct MomentTrust {
  double damping = 0.01;   // share of the mean variance that is added to each, > 0
  double shrinkage = 1.0;  // covariances lose shrinkage * inputs / (inputs + patches) of themselves, at most all
};

// The covariance is about the mean, because the bias takes up the rest. Few patches say little about many inputs:
// without shrinkage, compensation would fit the calibration images and spoil others.
ErrorFeedback FactorMoments(SecondMoments moments, const MomentTrust& trust, const ThreadPool& pool);

// What a code costs beside its error; without it codes are as near as can be.
struct CodePrice {
  double slope = 0.0;       // squared steps (times power over its mean) a bit
  std::vector<float> bits;  // of code c at [c + 127]; empty: no price
};

// `weights`: [rows, inputs]; `steps`: one a row. Codes lie in -127..127.
std::vector<int8_t> RoundWithFeedback(std::span<const float> weights, std::span<const float> steps,
                                      const ErrorFeedback& feedback, const CodePrice& price, const ThreadPool& pool);

// The same without compensation.
std::vector<int8_t> RoundToNearest(std::span<const float> weights, std::span<const float> steps);

}  // namespace resnet50
