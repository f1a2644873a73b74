// From logits to answers: scores by the activation, and the k best classes. Knows nothing of labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace resnet50 {

// exp(x_i - max) / sum, in double, for any number of finite logits.
std::vector<double> Softmax(std::span<const float> logits);

// What makes scores of logits. The values cross from JavaScript: the order is that of ACTIVATIONS in
// web/base/activation.ts.
enum class Activation : uint8_t {
  kSoftmax,  // classes exclude each other
  kSigmoid,  // each class by itself, 1 / (1 + exp(-x))
  kNone,     // the logits themselves
};

// The mean of the scores of `rows` (at least one) rows of logits, one after the other.
// kNotFinite names the first class whose logit is NaN or infinite: comparisons with NaN would lose classes silently.
Result<std::vector<double>> MeanScores(std::span<const float> logits, size_t rows, Activation activation);

struct ScoredClass {
  int index;
  double score;
};

struct TopKOptions {
  size_t k = 5;
  double threshold = 0.0;  // scores below it are left out
  // One byte a class, 0 hides it from the result; empty shows all. Hidden classes keep their share of the softmax.
  std::span<const uint8_t> allowed = {};
};

// The k best of `scores`, best first, equal scores by ascending index (as a stable sort, so every machine agrees).
std::vector<ScoredClass> TopK(std::span<const double> scores, const TopKOptions& options);

}  // namespace resnet50
