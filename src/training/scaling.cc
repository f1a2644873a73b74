#include "training/scaling.h"

#include <cmath>

namespace resnet50 {

Scaling MeasureScaling(const Examples& examples, std::span<const size_t> rows) {
  const size_t width = examples.width;
  std::vector<double> sum(width), squares(width);
  for (const size_t i : rows) {
    const std::span<const float> row = examples.row(i);
    for (size_t k = 0; k < width; ++k) sum[k] += row[k];
  }
  const double n = double(rows.size());
  for (double& s : sum) s /= n;
  for (const size_t i : rows) {
    const std::span<const float> row = examples.row(i);
    for (size_t k = 0; k < width; ++k) squares[k] += (row[k] - sum[k]) * (row[k] - sum[k]);
  }
  double variance = 0.0;
  for (const double s : squares) variance += s / n;
  variance /= double(width);
  Scaling scaling{std::vector<float>(sum.begin(), sum.end())};
  const float scale = float(std::sqrt(variance));
  if (std::isnormal(scale)) scaling.scale = scale;
  return scaling;
}

void Scale(const Scaling& scaling, Examples& examples) {
  for (size_t i = 0; i < examples.size(); ++i) {
    const std::span<float> row = examples.row(i);
    for (size_t k = 0; k < row.size(); ++k) row[k] = (row[k] - scaling.mean[k]) / scaling.scale;
  }
}

void Unscale(const Scaling& scaling, std::span<double> weight, std::span<double> bias) {
  const size_t width = scaling.mean.size();
  for (size_t c = 0; c < bias.size(); ++c) {
    const std::span<double> row = weight.subspan(c * width, width);
    for (size_t k = 0; k < width; ++k) {
      row[k] /= double(scaling.scale);
      bias[c] -= row[k] * double(scaling.mean[k]);
    }
  }
}

}  // namespace resnet50
