// From logits to answers: softmax and the k best classes. Knows nothing of labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace resnet50 {

// exp(x_i - max) / sum, in double, for any number of finite logits.
std::vector<double> Softmax(std::span<const float> logits);
// The mean of the softmax of `rows` rows of logits, one after the other.
std::vector<double> MeanSoftmax(std::span<const float> logits, size_t rows);

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
