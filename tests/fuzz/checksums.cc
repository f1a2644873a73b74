#include "checksums.h"

#include <array>
#include <cstring>
#include <string_view>

namespace resnet50::fuzz {
namespace {

using namespace std::string_view_literals;

bool StartsWith(std::span<const uint8_t> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

uint32_t BigEndian(const uint8_t* at) { return uint32_t(at[0]) << 24 | at[1] << 16 | at[2] << 8 | at[3]; }
uint32_t LittleEndian(const uint8_t* at, size_t n) {
  uint32_t value = 0;
  for (size_t i = n; i-- > 0;) value = value << 8 | at[i];
  return value;
}

void RepairPng(std::span<uint8_t> file) {
  size_t at = 8;
  while (file.size() - at >= 12) {
    const uint32_t length = BigEndian(&file[at]);
    if (length > file.size() - at - 12) return;
    const uint32_t crc = Crc32(file.subspan(at + 4, size_t(length) + 4));
    for (size_t i = 0; i < 4; ++i) file[at + 8 + length + i] = uint8_t(crc >> (24 - 8 * i));
    at += size_t(length) + 12;
  }
}

// Entries as the local headers give them (PyTorch writes sizes there), then the directory's by the same offsets.
void RepairZip(std::span<uint8_t> file) {
  constexpr size_t kLocal = 30, kCentral = 46;
  for (size_t at = 0; file.size() - at >= kCentral; ++at) {
    if (!StartsWith(file.subspan(at), "PK\1\2"sv)) continue;
    const uint32_t method = LittleEndian(&file[at + 10], 2), size = LittleEndian(&file[at + 20], 4);
    const uint32_t local = LittleEndian(&file[at + 42], 4);
    if (method != 0 || local > file.size() || file.size() - local < kLocal) continue;
    const size_t begin =
        size_t(local) + kLocal + LittleEndian(&file[local + 26], 2) + LittleEndian(&file[local + 28], 2);
    if (begin > file.size() || size > file.size() - begin) continue;
    const uint32_t crc = Crc32(file.subspan(begin, size));
    for (size_t i = 0; i < 4; ++i) {
      file[at + 16 + i] = uint8_t(crc >> (8 * i));
      // Where a data descriptor follows (flag 3), the local header has no CRC-32.
      if ((file[at + 8] & 8) == 0) file[local + 14 + i] = uint8_t(crc >> (8 * i));
    }
  }
}

}  // namespace

uint32_t Crc32(std::span<const uint8_t> bytes) {
  static constexpr std::array<uint32_t, 16> kTable = [] {
    std::array<uint32_t, 16> table{};
    for (uint32_t i = 0; i < 16; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 4; ++bit) value = (value >> 1) ^ (value & 1 ? 0xEDB88320U : 0U);
      table[i] = value;
    }
    return table;
  }();
  uint32_t crc = 0xFFFFFFFFU;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    crc = (crc >> 4) ^ kTable[crc & 15];
    crc = (crc >> 4) ^ kTable[crc & 15];
  }
  return ~crc;
}

void RepairChecksums(std::span<uint8_t> file) {
  for (size_t skip = 0; skip < 2 && skip < file.size(); ++skip) {
    if (StartsWith(file.subspan(skip), "\x89PNG\r\n\x1a\n"sv)) return RepairPng(file.subspan(skip));
  }
  if (StartsWith(file, "PK\3\4"sv)) RepairZip(file);
}

}  // namespace resnet50::fuzz
