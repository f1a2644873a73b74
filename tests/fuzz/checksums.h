// Right CRC-32s for files that a fuzzer has changed: PNG chunks and stored zip entries.
#pragma once

#include <cstdint>
#include <span>

namespace resnet50::fuzz {

// CRC-32 as PNG and zip have it (ISO 3309).
uint32_t Crc32(std::span<const uint8_t> bytes);

// In place; files of other kinds stay as they are. A PNG may begin at the first or the second byte (behind the byte
// that chooses options).
void RepairChecksums(std::span<uint8_t> file);

}  // namespace resnet50::fuzz
