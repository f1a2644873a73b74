#include "training/softmax_regression.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace resnet50 {
namespace {

// Lanes that a compiler can keep in registers without changing the order of sums.
constexpr size_t kLanes = 16;
// Features that are summed in float32 before they go into a double.
constexpr size_t kBlock = 512;
// Examples whose gradients are summed in float32 before they go into a double.
constexpr size_t kGradientRows = 32;

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (size_t begin = 0; begin < a.size(); begin += kBlock) {
    const size_t end = std::min(begin + kBlock, a.size());
    std::array<float, kLanes> lanes{};
    size_t k = begin;
    for (; k + kLanes <= end; k += kLanes) {
      for (size_t j = 0; j < kLanes; ++j) lanes[j] += a[k + j] * b[k + j];
    }
    for (size_t j = 0; k < end; ++k, ++j) lanes[j] += a[k] * b[k];
    for (const float lane : lanes) sum += double(lane);
  }
  return sum;
}

void AddScaled(float factor, std::span<const float> from, std::span<float> to) {
  for (size_t k = 0; k < to.size(); ++k) to[k] += factor * from[k];
}

}  // namespace

double SoftmaxRegression::Score(size_t row, std::span<const double> bias, bool& right) {
  const size_t classes = bias.size();
  const std::span<const float> x = examples_.row(row);
  residuals_.resize(classes);
  for (size_t c = 0; c < classes; ++c) {
    residuals_[c] = Dot(std::span<const float>(weight_).subspan(c * x.size(), x.size()), x) + bias[c];
  }
  const size_t label = size_t(examples_.labels[row]);
  const auto best = std::max_element(residuals_.begin(), residuals_.end());
  right = size_t(best - residuals_.begin()) == label;
  const double highest = *best, own = residuals_[label];
  double sum = 0.0;
  for (double& r : residuals_) sum += r = std::exp(r - highest);
  for (double& r : residuals_) r /= sum;
  residuals_[label] -= 1.0;
  return std::log(sum) + highest - own;
}

double SoftmaxRegression::Evaluate(std::span<const size_t> rows, std::span<const double> parameters,
                                   std::span<double> gradient, Fit& fit) {
  const size_t width = examples_.width, classes = size_t(examples_.classes), weights = classes * width;
  const std::span<const double> weight = parameters.first(weights), bias = parameters.subspan(weights);
  weight_.assign(weight.begin(), weight.end());
  double penalty = 0.0;
  for (size_t i = 0; i < weights; ++i) {
    penalty += weight[i] * weight[i];
    gradient[i] = l2_ * weight[i];
  }
  std::fill(gradient.begin() + ptrdiff_t(weights), gradient.end(), 0.0);
  std::vector<float> sums(weights);
  const auto flush = [&] {
    for (size_t i = 0; i < weights; ++i) gradient[i] += double(sums[i]);
    std::fill(sums.begin(), sums.end(), 0.0F);
  };
  double loss = 0.0;
  size_t right = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    bool is_right = false;
    loss += Score(rows[i], bias, is_right);
    right += is_right ? 1 : 0;
    for (size_t c = 0; c < classes; ++c) {
      AddScaled(float(residuals_[c]), examples_.row(rows[i]), std::span(sums).subspan(c * width, width));
      gradient[weights + c] += residuals_[c];
    }
    if (i % kGradientRows == kGradientRows - 1) flush();
  }
  flush();
  fit = {loss / double(rows.size()), double(right) / double(rows.size())};
  return loss + 0.5 * l2_ * penalty;
}

Fit SoftmaxRegression::Judge(std::span<const size_t> rows, std::span<const double> parameters) {
  const size_t weights = size_t(examples_.classes) * examples_.width;
  weight_.assign(parameters.begin(), parameters.begin() + ptrdiff_t(weights));
  double loss = 0.0;
  size_t right = 0;
  for (const size_t row : rows) {
    bool is_right = false;
    loss += Score(row, parameters.subspan(weights), is_right);
    right += is_right ? 1 : 0;
  }
  return {loss / double(rows.size()), double(right) / double(rows.size())};
}

}  // namespace resnet50
