// Classifiers of the user's own on the network's pooled features, in place of its fc layer: a linear one, or the
// nearest of some examples. Knows nothing of how they came about.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/result.h"

namespace resnet50 {

// fc.weight [classes, width] and fc.bias [classes], float32.
class LinearHead {
 public:
  // Errors: kInvalidArgument (no classes, sizes that do not fit, numbers that are not finite).
  static Result<LinearHead> Create(std::vector<float> weight, std::vector<float> bias, size_t width);

  int classes() const { return int(bias_.size()); }
  // W x + b.
  void Score(std::span<const float> embedding, std::span<float> logits) const;
  // What the class's logit is the product of features with, but for the bias.
  std::vector<float> Direction(std::span<const float> embedding, int index) const;

 private:
  LinearHead() = default;
  std::vector<float> weight_, bias_;
};

// The k examples most like an embedding vote, each with 1 / (1 - cosine): scikit-learn's
// KNeighborsClassifier(n_neighbors=k, metric='cosine', weights='distance').
class NearestNeighbours {
 public:
  // embeddings [n, width], labels [n] in 0..classes - 1. Errors: kInvalidArgument (no examples, sizes that do not fit,
  // numbers that are not finite, labels or k out of range).
  static Result<NearestNeighbours> Create(std::vector<float> embeddings, std::span<const int32_t> labels, size_t width,
                                          int classes, int k);

  int classes() const { return classes_; }
  // The logarithm of each class's share of the votes, so that softmax gives the shares.
  void Score(std::span<const float> embedding, std::span<float> logits) const;
  // The sum of the class's voters (scaled to length 1), or its example most alike where none has a vote: the product
  // with an embedding is the sum of their cosines times the embedding's length.
  std::vector<float> Direction(std::span<const float> embedding, int index) const;

 private:
  NearestNeighbours() = default;

  struct Neighbour {
    size_t row;
    double cosine;
  };
  // All examples, most alike first, equals in their order.
  std::vector<Neighbour> Rank(std::span<const float> embedding) const;

  std::vector<float> examples_;  // [n, width], each of length 1, or 0
  std::vector<int32_t> labels_;
  int classes_ = 0, k_ = 0;
};

using CustomHead = std::variant<LinearHead, NearestNeighbours>;

}  // namespace resnet50
