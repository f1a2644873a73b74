// The steps that a layout with spill (int8_packing.h) takes out of a convolution's panels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/int8_packing.h"

struct resnet50_int8_spill {
  std::vector<resnet50_int8_spilled> steps;
  std::vector<uint32_t> first;  // of panel p: steps[first[p]] .. steps[first[p + 1] - 1]

  std::span<const resnet50_int8_spilled> OfPanel(size_t panel) const {
    return std::span(steps).subspan(first[panel], first[panel + 1] - first[panel]);
  }
};
