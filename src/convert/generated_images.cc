#include "convert/generated_images.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace resnet50 {
namespace {

struct Color {
  float r, g, b;
};

// Leaves of one picture share a tint, as things under one light do.
Color RandomColor(Random& random, const Color& tint) {
  const float light = random.Unit() * random.Between(0.3F, 1.0F);
  const float chroma = random.Unit() * random.Unit();
  const Color own{random.Unit(), random.Unit(), random.Unit()};
  const auto mix = [&](float t, float o) {
    return std::clamp(light * (0.6F + 0.8F * t) + chroma * (o - 0.5F), 0.0F, 1.0F);
  };
  return {mix(tint.r, own.r), mix(tint.g, own.g), mix(tint.b, own.b)};
}

// One leaf: a disc or a turned box with a linear shading across it and a little grain.
struct Leaf {
  float x, y, radius;
  bool box;
  float cosine, sine, aspect;
  Color color;
  float shade_x, shade_y, grain;
};

Leaf RandomLeaf(Random& random, float side, const Color& tint) {
  // Density of radii ~ r^-3 between r0 and r1, by inverting the cumulative distribution.
  const float r0 = 0.012F * side, r1 = 0.45F * side;
  const float u = random.Unit();
  const float radius = 1.0F / std::sqrt((1.0F - u) / (r0 * r0) + u / (r1 * r1));
  // A point on the unit circle without trigonometry.
  const float t = random.Between(-1.0F, 1.0F);
  const float norm = 1.0F + t * t;
  return {random.Between(0.0F, side),
          random.Between(0.0F, side),
          radius,
          random.Unit() < 0.4F,
          (1.0F - t * t) / norm,
          2.0F * t / norm,
          random.Between(0.25F, 1.0F),
          RandomColor(random, tint),
          random.Between(-0.35F, 0.35F),
          random.Between(-0.35F, 0.35F),
          random.Unit() < 0.5F ? 0.0F : random.Between(0.0F, 0.2F)};
}

void Paint(const Leaf& leaf, int side, Random& random, std::vector<Color>& canvas) {
  const int x0 = std::max(0, int(leaf.x - leaf.radius)), x1 = std::min(side - 1, int(leaf.x + leaf.radius) + 1);
  const int y0 = std::max(0, int(leaf.y - leaf.radius)), y1 = std::min(side - 1, int(leaf.y + leaf.radius) + 1);
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const float dx = (float(x) - leaf.x) / leaf.radius, dy = (float(y) - leaf.y) / leaf.radius;
      const float along = dx * leaf.cosine + dy * leaf.sine, across = dy * leaf.cosine - dx * leaf.sine;
      const bool inside = leaf.box ? std::fabs(along) < 0.7F && std::fabs(across) < 0.7F * leaf.aspect
                                   : along * along + across * across / (leaf.aspect * leaf.aspect) < 1.0F;
      if (!inside) continue;
      float light = 1.0F + leaf.shade_x * dx + leaf.shade_y * dy;
      if (leaf.grain > 0.0F) light += leaf.grain * (random.Unit() - 0.5F);
      canvas[size_t(y) * size_t(side) + size_t(x)] = {leaf.color.r * light, leaf.color.g * light, leaf.color.b * light};
    }
  }
}

uint8_t ToByte(float value) { return uint8_t(std::clamp(value * 255.0F + 0.5F, 0.0F, 255.0F)); }

}  // namespace

std::vector<uint8_t> GenerateCalibrationImage(uint32_t index, int side) {
  Random random(index);
  const Color tint{random.Unit(), random.Unit(), random.Unit()};
  const size_t pixels = size_t(side) * size_t(side);
  std::vector<Color> canvas(pixels, RandomColor(random, tint));
  const int leaves = 40 + int(random.Unit() * random.Unit() * 3000.0F);
  for (int i = 0; i < leaves; ++i) Paint(RandomLeaf(random, float(side), tint), side, random, canvas);
  std::vector<uint8_t> rgb(pixels * 3);
  for (size_t p = 0; p < pixels; ++p) {
    rgb[3 * p] = ToByte(canvas[p].r);
    rgb[3 * p + 1] = ToByte(canvas[p].g);
    rgb[3 * p + 2] = ToByte(canvas[p].b);
  }
  return rgb;
}

}  // namespace resnet50
