// Cross entropy of softmax, and its gradient. Knows numbers only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace resnet50 {

struct SoftmaxScore {
  double loss;     // mean over the rows
  size_t correct;  // rows whose largest logit is their label's
};

// `logits`: [rows, classes], `labels`: one a row, 0..classes - 1. Each label counts for 1 - smoothing, the rest is
// spread over all classes evenly. `gradient`, [rows, classes], becomes that of the mean loss; empty where nobody wants
// it.
SoftmaxScore SoftmaxLoss(std::span<const float> logits, std::span<const int32_t> labels, size_t classes,
                         float smoothing, std::span<float> gradient);

}  // namespace resnet50
