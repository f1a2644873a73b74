#include "training/softmax_loss.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {

SoftmaxScore SoftmaxLoss(std::span<const float> logits, std::span<const int32_t> labels, size_t classes,
                         float smoothing, std::span<float> gradient) {
  SoftmaxScore score{0.0, 0};
  const double spread = double(smoothing) / double(classes);
  for (size_t row = 0; row < labels.size(); ++row) {
    const std::span<const float> of = logits.subspan(row * classes, classes);
    const size_t label = size_t(labels[row]);
    const auto top = std::max_element(of.begin(), of.end());
    score.correct += size_t(top - of.begin()) == label;
    double sum = 0.0;
    for (float v : of) sum += std::exp(double(v - *top));
    const double log_sum = std::log(sum) + double(*top);
    for (size_t c = 0; c < classes; ++c) {
      const double target = (c == label ? 1.0 - double(smoothing) : 0.0) + spread;
      score.loss += target * (log_sum - double(of[c]));
      if (gradient.empty()) continue;
      gradient[row * classes + c] = float((std::exp(double(of[c]) - log_sum) - target) / double(labels.size()));
    }
  }
  score.loss /= double(labels.size());
  return score;
}

}  // namespace resnet50
