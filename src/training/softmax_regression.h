// The objective of multinomial logistic regression and its gradient, as scikit-learn's LogisticRegression has it: with
// C = 1 / l2, sum over examples of -log softmax(W x + b)[label] + l2 / 2 * |W|^2; biases are not penalised. Sums run in
// one order and in plain float32 and double, so that every machine gets the same bits.
#pragma once

#include <span>
#include <vector>

#include "training/examples.h"

namespace resnet50 {

// Views examples, which must outlive it. Parameters are W [classes, width] followed by b [classes].
class SoftmaxRegression {
 public:
  SoftmaxRegression(const Examples& examples, double l2) : examples_(examples), l2_(l2) {}

  size_t parameters() const { return size_t(examples_.classes) * (examples_.width + 1); }

  // The objective on the given rows, and its gradient. `fit` gets the data's part of it.
  double Evaluate(std::span<const size_t> rows, std::span<const double> parameters, std::span<double> gradient,
                  Fit& fit);
  // Without gradient or penalty.
  Fit Judge(std::span<const size_t> rows, std::span<const double> parameters);

 private:
  // Fills residuals_ with softmax - one-hot of a row; -log probability of its class, and whether that is the best one.
  double Score(size_t row, std::span<const double> bias, bool& right);

  const Examples& examples_;
  const double l2_;
  std::vector<float> weight_;      // the parameters' W in float32
  std::vector<double> residuals_;  // [classes]
};

}  // namespace resnet50
