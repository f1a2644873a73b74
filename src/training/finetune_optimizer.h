// AdamW (Loshchilov & Hutter, 2019) whose steps are relative to the weights' size, as Adafactor's are (Shazeer & Stern,
// 2018): a step moves a weight by at most about `rate` times the root mean square of its output channel at the
// beginning. So folding a batch norm in, which multiplies output channels, changes nothing about how a network is
// trained, and one rate does for all layers. Knows no network.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "network/operators.h"
#include "training/layer4_network.h"

namespace resnet50 {

class FinetuneOptimizer {
 public:
  // The sizes are those of `values` now. Biases move by the root mean square of their layer's biases, or a thousandth
  // of the layer's largest weights where those are larger.
  FinetuneOptimizer(const std::vector<Layer4Parameter>& parameters, std::span<const float> values);

  // One step along the gradients, `rate` > 0.
  void Step(std::span<float> values, std::span<const float> gradients, double rate, const ThreadPool& pool);

 private:
  struct Channel {
    size_t first, count;
    float size;
  };
  std::vector<Channel> channels_;
  std::vector<float> mean_, square_;  // of gradients, decaying
  int steps_ = 0;
};

}  // namespace resnet50
