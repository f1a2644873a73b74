// Bounds-checked big- and little-endian reads from a span. A read past the end gives 0 and is remembered.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace resnet50 {

class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes, bool big_endian = true)
      : bytes_(bytes), big_endian_(big_endian) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }

  void Seek(size_t position) {
    ok_ = ok_ && position <= bytes_.size();
    if (ok_) position_ = position;
  }
  void Skip(size_t count) {
    ok_ = ok_ && count <= left();
    if (ok_) position_ += count;
  }
  uint8_t U8() { return uint8_t(Read(1)); }
  uint16_t U16() { return uint16_t(Read(2)); }
  uint32_t U32() { return Read(4); }

 private:
  uint32_t Read(size_t count) {
    if (!ok_ || count > left()) {
      ok_ = false;
      return 0;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      const uint32_t byte = bytes_[position_ + i];
      value |= byte << (8 * (big_endian_ ? count - 1 - i : i));
    }
    position_ += count;
    return value;
  }

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  bool big_endian_;
  bool ok_ = true;
};

inline bool StartsWith(std::span<const uint8_t> bytes, std::string_view text, size_t at = 0) {
  return bytes.size() >= at + text.size() && std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

}  // namespace resnet50
