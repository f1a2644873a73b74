// Which tables of a JPEG have come (ITU-T T.81, annex B.2.4), and whether the decoder can read them: it takes pixels
// for decoded that come after a segment which it cannot.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace resnet50 {

class JpegTables {
 public:
  // Contents of a DHT or DQT segment; false if they are damaged.
  bool ReadHuffman(std::span<const uint8_t> segment);
  bool ReadQuantization(std::span<const uint8_t> segment);

  bool HasQuantization(unsigned number) const { return number < kNumbers && quantization_[number]; }
  bool HasDc(unsigned number) const { return number < kNumbers && huffman_[0][number]; }
  bool HasAc(unsigned number) const { return number < kNumbers && huffman_[1][number]; }

  // The usual Huffman tables in place of those with numbers 0 and 1 that have not come, as segments: frames of Motion
  // JPEG leave them out. Empty if none is missing.
  std::string AddUsual();

 private:
  static constexpr unsigned kNumbers = 4;
  bool huffman_[2][kNumbers] = {};  // DC, AC
  bool quantization_[kNumbers] = {};
};

}  // namespace resnet50
