// What can be wrong or odd with one chunk of a PNG (ISO/IEC 15948).
#include <algorithm>

#include "image_mutations.h"

namespace resnet50::fuzz {
namespace {

constexpr uint32_t kHeader = ChunkName("IHDR"), kPalette = ChunkName("PLTE"), kTransparency = ChunkName("tRNS");
constexpr uint32_t kPixels = ChunkName("IDAT"), kEnd = ChunkName("IEND"), kExif = ChunkName("eXIf");
constexpr size_t kHeaderSize = 13;
// Pixels made anew are stored, not compressed: no more than this, or files grow out of the fuzzer's limit, bytes.
constexpr size_t kMaxStored = 3000;

// Body: width, height, bits of a component, color type, compression, filters, interlacing.
void MutateHeader(std::vector<uint8_t>& body, Dice& dice) {
  struct Kind {
    uint8_t bits, color_type;
  };
  constexpr Kind kKinds[] = {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {16, 0}, {8, 2}, {16, 2}, {1, 3},
                             {2, 3}, {4, 3}, {8, 3}, {8, 4}, {16, 4}, {8, 6}, {16, 6}};
  if (body.size() != kHeaderSize) return body.resize(kHeaderSize, 1);
  const auto put_side = [&](size_t at) {
    const uint32_t side = Side(dice);
    for (size_t i = 0; i < 4; ++i) body[at + i] = uint8_t(side >> (24 - 8 * i));
  };
  switch (dice.Below(7)) {
    case 0: put_side(0); break;
    case 1: put_side(4); break;
    case 2:
    case 3: {
      const Kind kind = dice.Pick(kKinds);
      body[8] = kind.bits;
      body[9] = kind.color_type;
      break;
    }
    case 4: body[12] = uint8_t(dice.Below(dice.OneIn(16) ? 256 : 2)); break;
    case 5: body[dice.OneIn(2) ? 8 : 9] = uint8_t(dice.Below(17)); break;
    default: dice.OneIn(8) ? MutateBytes(body, dice) : put_side(4 * dice.Below(2));
  }
}

// Bytes of the uncompressed rows, filter bytes included; `rows` gets the length of each.
std::vector<size_t> Rows(const std::vector<uint8_t>& header) {
  constexpr size_t kChannels[] = {1, 0, 3, 1, 2, 0, 4};
  struct Pass {
    size_t x, y, step_x, step_y;
  };
  constexpr Pass kWhole[] = {{0, 0, 1, 1}};
  constexpr Pass kAdam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                             {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  Bytes fields(header);
  const size_t width = TakeNumber(fields, 4), height = TakeNumber(fields, 4), bits = header[8];
  const size_t channels = header[9] < 7 ? kChannels[header[9]] : 0;
  const std::span<const Pass> passes = header[12] == 1 ? std::span<const Pass>(kAdam7) : std::span<const Pass>(kWhole);
  std::vector<size_t> rows;
  if (width > kMaxStored || height > kMaxStored) return rows;
  for (const Pass& pass : passes) {
    const size_t columns = width > pass.x ? (width - pass.x + pass.step_x - 1) / pass.step_x : 0;
    for (size_t y = pass.y; y < height && columns > 0; y += pass.step_y) {
      rows.push_back(1 + (columns * channels * bits + 7) / 8);
    }
  }
  return rows;
}

// A zlib stream (RFC 1950) of stored blocks.
std::vector<uint8_t> Stored(const std::vector<uint8_t>& data, Dice& dice) {
  std::vector<uint8_t> out = {0x78, 0x01};
  const size_t block = dice.OneIn(4) ? 1 + dice.Below(data.size()) : data.size();
  for (size_t at = 0; at < data.size(); at += block) {
    const size_t size = std::min(block, data.size() - at);
    const uint8_t head[] = {uint8_t(at + size == data.size()), uint8_t(size), uint8_t(size >> 8), uint8_t(~size),
                            uint8_t(~size >> 8)};
    out.insert(out.end(), head, head + 5);
    out.insert(out.end(), data.begin() + ptrdiff_t(at), data.begin() + ptrdiff_t(at + size));
  }
  uint32_t sum = 1, sum_of_sums = 0;
  for (const uint8_t byte : data) {
    sum = (sum + byte) % 65521;
    sum_of_sums = (sum_of_sums + sum) % 65521;
  }
  const uint32_t adler = (sum_of_sums << 16 | sum) + (dice.OneIn(16) ? 1 : 0);
  for (size_t i = 0; i < 4; ++i) out.push_back(uint8_t(adler >> (24 - 8 * i)));
  return out;
}

// Pixels of the header's size in place of those of all chunks, sometimes a few too many or too few.
void FitPixels(std::vector<Part>& chunks, size_t index, Dice& dice) {
  const auto header = std::find_if(chunks.begin(), chunks.end(), [](const Part& part) { return part.name == kHeader; });
  if (header == chunks.end() || header->body.size() != kHeaderSize) return;
  const std::vector<size_t> rows = Rows(header->body);
  std::vector<uint8_t> data;
  const bool noise = dice.OneIn(2);
  for (const size_t row : rows) {
    if (data.size() + row > kMaxStored) return;
    data.push_back(uint8_t(dice.OneIn(64) ? dice.Byte() : dice.Below(5)));
    const uint8_t level = dice.Byte();
    for (size_t i = 1; i < row; ++i) data.push_back(noise ? dice.Byte() : level);
  }
  if (data.empty()) return;
  if (dice.OneIn(8)) data.resize(1 + dice.Below(2 * data.size()));
  const std::vector<uint8_t> stored = Stored(data, dice);
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (chunks[i].name == kPixels) chunks[i].body.clear();
  }
  chunks[index].body = stored;
  const auto is_empty = [](const Part& part) { return part.name == kPixels && part.body.empty(); };
  std::erase_if(chunks, is_empty);
}

void Split(std::vector<Part>& chunks, size_t index, Dice& dice) {
  std::vector<uint8_t>& body = chunks[index].body;
  const auto at = body.begin() + ptrdiff_t(dice.Below(body.size() + 1));
  Part second{kPixels, {at, body.end()}, {}};
  body.erase(at, body.end());
  chunks.insert(chunks.begin() + ptrdiff_t(index) + 1, std::move(second));
}

std::vector<uint8_t> RandomBytes(size_t size, Dice& dice) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = dice.Byte();
  return bytes;
}

std::vector<uint8_t> Palette(Dice& dice) {
  constexpr size_t kEntries[] = {0, 1, 2, 3, 4, 15, 16, 17, 255, 256, 257};
  return RandomBytes(3 * dice.Pick(kEntries) + (dice.OneIn(16) ? 1 : 0), dice);
}

std::vector<uint8_t> Transparency(Dice& dice) {
  constexpr size_t kSizes[] = {0, 1, 2, 2, 3, 4, 6, 6, 16, 256, 257};
  std::vector<uint8_t> body = RandomBytes(dice.Pick(kSizes), dice);
  // Colors that pixels have: small numbers.
  if (dice.OneIn(2)) std::fill(body.begin(), body.end(), uint8_t(dice.Below(2)));
  return body;
}

}  // namespace

void MutateChunk(std::vector<Part>& chunks, size_t index, Dice& dice) {
  Part& part = chunks[index];
  switch (part.name) {
    case kHeader:
      MutateHeader(part.body, dice);
      // Pixels of another size are refused soon: mostly they follow.
      for (size_t i = 0; i < chunks.size() && !dice.OneIn(4); ++i) {
        if (chunks[i].name == kPixels) return FitPixels(chunks, i, dice);
      }
      return;
    case kPalette: dice.OneIn(2) ? MutateBytes(part.body, dice) : void(part.body = Palette(dice)); return;
    case kTransparency: dice.OneIn(2) ? MutateBytes(part.body, dice) : void(part.body = Transparency(dice)); return;
    case kExif: part.body = Exif(dice); return;
    case kPixels:
      if (dice.OneIn(6)) return Split(chunks, index, dice);
      if (dice.OneIn(3)) return FitPixels(chunks, index, dice);
      break;
    default: break;
  }
  if (part.name != kEnd || dice.OneIn(4)) MutateBytes(part.body, dice);
}

Part NewChunk(Dice& dice) {
  switch (dice.Below(7)) {
    case 0: return {kPalette, Palette(dice), {}};
    case 1: return {kTransparency, Transparency(dice), {}};
    case 2: return {kExif, Exif(dice), {}};
    case 3: return {kPixels, RandomBytes(dice.OneIn(2) ? 0 : dice.Below(16), dice), {}};
    case 4: return {dice.OneIn(2) ? ChunkName("gAMA") : ChunkName("tEXt"), RandomBytes(4, dice), {}};
    case 5: return {dice.OneIn(2) ? ChunkName("CgBI") : ChunkName("acTL"), RandomBytes(8, dice), {}};
    default: return {uint32_t(0x41 + dice.Below(58)) << 24 | 0x414141U, RandomBytes(dice.Below(12), dice), {}};
  }
}

}  // namespace resnet50::fuzz
