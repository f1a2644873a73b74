// What a head learns from: embeddings and the classes that they belong to. Knows nothing of pictures.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace resnet50 {

// How well a classifier does on some examples.
struct Fit {
  double loss = 0.0;      // the mean of -log probability of the right class
  double accuracy = 0.0;  // share of examples whose best class is the right one, 0..1
};

// Rows of features with a class each.
struct Examples {
  std::vector<float> embeddings;  // [n, width], row-major
  std::vector<int32_t> labels;    // [n], 0..classes - 1
  size_t width = 0;
  int classes = 0;

  size_t size() const { return labels.size(); }
  std::span<const float> row(size_t i) const { return std::span(embeddings).subspan(i * width, width); }
  std::span<float> row(size_t i) { return std::span(embeddings).subspan(i * width, width); }
};

// Errors: kInvalidArgument (no examples, sizes that do not fit, a number that is not finite, a label out of range,
// fewer than two classes, a class without examples), naming the example or the class.
Status CheckExamples(const Examples& examples);

// How many examples each class has.
std::vector<size_t> CountByClass(const Examples& examples);

}  // namespace resnet50
