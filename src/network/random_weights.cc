#include "network/random_weights.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "base/random.h"

namespace resnet50 {
namespace {

// Batch norm with mean 0, variance 1, weight 1, bias 0 and torch's eps still scales a little.
const double kIdentityBatchNorm = 1.0 / std::sqrt(1.0 + 1e-5);

// Box and Muller's transform; one of the two numbers it makes is enough here.
double Normal(Random& random) {
  const double u = 1.0 - double(random.Unit());  // (0, 1]
  const double v = double(random.Unit());
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

}  // namespace

Status InitializeRandomly(Network& network, uint32_t seed) {
  if (network.precision() != Precision::kFloat32) {
    return Error{ErrorCode::kInvalidArgument, "precision",
                 "random weights have no calibrated ranges: use precision f32"};
  }
  Random random(seed);
  for (const Layer& layer : network.layers()) {
    if (!layer.has_weights()) continue;
    std::vector<float> weight(layer.weight_count());
    std::vector<float> bias(size_t(layer.out_channels), 0.0F);
    if (layer.kind == LayerKind::kConvolution) {
      const double fan_out = double(layer.out_channels) * layer.kernel * layer.kernel;
      const double deviation = std::sqrt(2.0 / fan_out) * kIdentityBatchNorm;
      for (float& w : weight) w = float(Normal(random) * deviation);
    } else {
      const float bound = 1.0F / std::sqrt(float(layer.in_channels));
      for (float& w : weight) w = random.Between(-bound, bound);
      for (float& b : bias) b = random.Between(-bound, bound);
    }
    LayerWeights weights;
    weights.real = weight;
    weights.bias = bias;
    if (Status status = network.SetWeights(layer.name, weights); !status) return status;
  }
  return {};
}

}  // namespace resnet50
