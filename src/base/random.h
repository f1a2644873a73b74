// A small seedable generator whose numbers are the same on every machine. Not for secrets.
#pragma once

#include <cstdint>

namespace resnet50 {

// PCG-XSH-RR 32 (O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms", 2014).
class Random {
 public:
  explicit Random(uint32_t seed) : state_(0x853c49e6748fea9bULL + (uint64_t(seed) << 32 | seed)) {
    Next();
    Next();
  }
  uint32_t Next() {
    const uint64_t old = state_;
    state_ = old * 6364136223846793005ULL + 1442695040888963407ULL;
    const uint32_t xorshifted = uint32_t(((old >> 18) ^ old) >> 27);
    const uint32_t turn = uint32_t(old >> 59);
    return (xorshifted >> turn) | (xorshifted << ((32 - turn) & 31));
  }
  // Uniform in [0, 1), a multiple of 2^-24.
  float Unit() { return float(Next() >> 8) * (1.0F / 16777216.0F); }
  // Uniform in [low, high).
  float Between(float low, float high) { return low + (high - low) * Unit(); }

 private:
  uint64_t state_;
};

}  // namespace resnet50
