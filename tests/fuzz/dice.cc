#include "dice.h"

#include <algorithm>

namespace resnet50::fuzz {
namespace {

constexpr uint8_t kTelling[] = {0, 1, 2, 7, 8, 15, 16, 31, 63, 64, 127, 128, 129, 254, 255};

}  // namespace

void MutateBytes(std::vector<uint8_t>& bytes, Dice& dice) {
  if (bytes.empty()) {
    bytes.push_back(dice.Byte());
    return;
  }
  const size_t at = dice.Below(bytes.size());
  const size_t run = std::min<size_t>(1 + dice.Below(dice.OneIn(4) ? 64 : 8), bytes.size() - at);
  const auto begin = bytes.begin() + ptrdiff_t(at), end = begin + ptrdiff_t(run);
  switch (dice.Below(8)) {
    case 0: bytes[at] = uint8_t(bytes[at] ^ 1U << dice.Below(8)); break;
    case 1: bytes[at] = dice.Byte(); break;
    case 2: bytes[at] = dice.Pick(kTelling); break;
    case 3: bytes[at] = uint8_t(bytes[at] + (dice.OneIn(2) ? 1 : 255)); break;
    case 4: bytes.erase(begin, end); break;
    case 5: std::fill(begin, end, dice.Pick(kTelling)); break;
    case 6: bytes.insert(begin, run, dice.Byte()); break;
    default: {
      const std::vector<uint8_t> copy(begin, end);
      bytes.insert(bytes.begin() + ptrdiff_t(dice.Below(bytes.size())), copy.begin(), copy.end());
    }
  }
}

uint32_t Side(Dice& dice) {
  constexpr uint32_t kSmall[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 24, 25, 31, 32, 33, 40, 63, 64, 65};
  constexpr uint32_t kLarge[] = {0, 128, 255, 256, 257, 4096, 16384, 16385, 65535};
  return dice.OneIn(24) ? dice.Pick(kLarge) : dice.Pick(kSmall);
}

std::vector<uint8_t> Exif(Dice& dice) {
  const bool big = dice.OneIn(2);
  const uint8_t orientation = dice.OneIn(8) ? dice.Byte() : uint8_t(1 + dice.Below(8));
  const uint8_t type = dice.OneIn(8) ? dice.Byte() : dice.OneIn(4) ? 4 : 3;  // LONG, SHORT
  std::vector<uint8_t> tiff = {uint8_t(big ? 'M' : 'I'), uint8_t(big ? 'M' : 'I')};
  const auto put = [&](uint32_t value, size_t size) {
    for (size_t i = 0; i < size; ++i) tiff.push_back(uint8_t(value >> 8 * (big ? size - 1 - i : i)));
  };
  put(42, 2);
  put(8, 4);
  put(1, 2);
  put(0x112, 2);
  put(type, 2);
  put(1, 4);
  put(orientation, type == 4 ? 4 : 2);
  if (type != 4) put(0, 2);
  put(0, 4);
  if (dice.OneIn(6)) MutateBytes(tiff, dice);
  return tiff;
}

}  // namespace resnet50::fuzz
