// Features of zero mean and one common scale, on which optimizers converge without tuning, and the way back.
#pragma once

#include <span>
#include <vector>

#include "training/examples.h"

namespace resnet50 {

// x -> (x - mean) / scale. One scale for all features: it does not raise the rare ones, which are mostly noise, and it
// makes a penalty on weights mean the same for networks of larger and smaller activations.
struct Scaling {
  std::vector<float> mean;  // a feature each
  float scale = 1.0F;       // the root of the mean variance of the features; 1 where all examples are equal
};

// Of the given rows.
Scaling MeasureScaling(const Examples& examples, std::span<const size_t> rows);

// Scales all rows in place.
void Scale(const Scaling& scaling, Examples& examples);

// Turns weights [classes, width] and biases [classes] on scaled features into those on the features themselves.
void Unscale(const Scaling& scaling, std::span<double> weight, std::span<double> bias);

}  // namespace resnet50
