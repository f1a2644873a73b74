// Choices of a mutator: seeded, so that the same seed makes the same mutant on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace resnet50::fuzz {

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}

  // 0 .. n - 1; 0 for n = 0.
  size_t Below(size_t n) { return n == 0 ? 0 : random_.Next() % n; }
  bool OneIn(size_t n) { return Below(n) == 0; }
  uint8_t Byte() { return uint8_t(random_.Next() >> 16); }
  template <typename T, size_t n>
  T Pick(const T (&values)[n]) {
    return values[Below(n)];
  }

 private:
  Random random_;
};

// Changes, inserts, removes or repeats a few bytes.
void MutateBytes(std::vector<uint8_t>& bytes, Dice& dice);

// A side of a picture: mostly at most 65 pixels, around multiples of blocks; rarely 0 or over a limit.
uint32_t Side(Dice& dice);

// An EXIF block (TIFF) that holds an orientation, mostly one that exists.
std::vector<uint8_t> Exif(Dice& dice);

}  // namespace resnet50::fuzz
