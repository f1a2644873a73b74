// Examples for the tests of training: clouds around a centre for each class.
#pragma once

#include "base/random.h"
#include "training/examples.h"

namespace resnet50 {

struct Clouds {
  int classes = 3;
  size_t each = 12;
  size_t width = 40;
  float spread = 1.0F;  // how far examples lie from their centre, in distances between centres
  uint32_t seed = 1;
};

// Class after class. Features have means and sizes of their own, as those of networks do.
inline Examples MakeClouds(const Clouds& clouds) {
  Random random(clouds.seed);
  const auto normal = [&] {
    float sum = 0.0F;
    for (int i = 0; i < 12; ++i) sum += random.Unit();
    return sum - 6.0F;
  };
  std::vector<float> centres(size_t(clouds.classes) * clouds.width);
  for (float& v : centres) v = normal();
  Examples examples;
  examples.width = clouds.width;
  examples.classes = clouds.classes;
  for (int c = 0; c < clouds.classes; ++c) {
    for (size_t i = 0; i < clouds.each; ++i) {
      examples.labels.push_back(c);
      for (size_t k = 0; k < clouds.width; ++k) {
        const float size = 0.2F + 0.1F * float(k % 7);
        const float value = centres[size_t(c) * clouds.width + k] + clouds.spread * normal();
        examples.embeddings.push_back(5.0F + size * value);
      }
    }
  }
  return examples;
}

}  // namespace resnet50
