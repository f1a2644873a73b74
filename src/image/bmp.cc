// See bmp.h. Layouts: Microsoft's BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER; IBM's OS/2 bitmap headers.
#include "image/bmp.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "image/bytes.h"
#include "image/image.h"

namespace resnet50 {
namespace {

constexpr size_t kFileHeaderBytes = 14;
enum HeaderBytes : uint32_t {
  kOs2V1 = 12,
  kInfo = 40,
  kInfoV2 = 52,
  kInfoV3 = 56,
  kOs2V2 = 64,
  kInfoV4 = 108,
  kInfoV5 = 124
};
enum Compression : uint32_t {
  kRaw = 0,
  kRunLength8 = 1,
  kRunLength4 = 2,
  kBitFields = 3,
  kJpeg = 4,
  kPng = 5,
  kAlphaBitFields = 6
};

Error Truncated() {
  return {ErrorCode::kTruncatedImage, "image", "the BMP file ends before its pixels do: it is truncated"};
}
Error Corrupt(const char* why) {
  return {ErrorCode::kCorruptImage, "image", std::string("the BMP file is corrupt: ") + why};
}
Error Unsupported(const std::string& what) {
  return {ErrorCode::kUnsupportedFormat, "image", what + " is not supported: convert the file to PNG or JPEG first"};
}

bool IsKnownHeader(uint32_t size) {
  constexpr uint32_t kKnown[] = {kOs2V1, kInfo, kInfoV2, kInfoV3, kOs2V2, kInfoV4, kInfoV5};
  return std::find(std::begin(kKnown), std::end(kKnown), size) != std::end(kKnown);
}

// Without masks of its own a pixel of 16 bits has five a channel, and one of 32 has eight.
std::array<BitField, 4> DefaultFields(int bits) {
  if (bits == 16) return {{{0x7C00}, {0x03E0}, {0x001F}, {0}}};
  return {{{0xFF0000}, {0x00FF00}, {0x0000FF}, {0}}};
}

// The masks follow a header of 40 bytes and are part of the longer ones, at the same place.
void ReadFields(std::span<const uint8_t> bytes, uint32_t header_bytes, uint32_t compression, BmpHeader& header) {
  ByteReader reader(bytes, false);
  reader.Seek(kFileHeaderBytes + kInfo);
  const bool alpha = header_bytes >= kInfoV3 || compression == kAlphaBitFields;
  for (size_t c = 0; c < 3; ++c) header.fields[c].mask = reader.U32();
  header.fields[3].mask = alpha ? reader.U32() : 0;
  const bool none = (header.fields[0].mask | header.fields[1].mask | header.fields[2].mask) == 0;
  if (none) header.fields = DefaultFields(header.bits);
}

Status ReadPalette(std::span<const uint8_t> bytes, uint32_t header_bytes, uint32_t colors, BmpHeader& header) {
  constexpr uint32_t kMostColors = 65536;  // more than an index reaches; files with too many exist
  if (colors == 0) colors = 1U << header.bits;
  if (colors > kMostColors) return Corrupt("its palette is too large");
  header.palette_stride = header_bytes == kOs2V1 ? 3 : 4;
  // Files exist that say where their pixels are as though they had no palette.
  if (header.pixels_at == header.palette_at) header.pixels_at += size_t(header.palette_stride) * colors;
  header.palette_size = int(std::min(colors, 256U));
  const size_t room = bytes.size() > header.palette_at ? bytes.size() - header.palette_at : 0;
  if (size_t(header.palette_size) * size_t(header.palette_stride) > room) return Truncated();
  return {};
}

uint8_t Extract(uint32_t pixel, BitField field) {
  const int shift = std::countr_zero(field.mask);
  if (shift == 32) return 0;
  const uint64_t most = field.mask >> shift;
  return uint8_t(uint64_t((pixel & field.mask) >> shift) * 255 / most);
}

using Palette = std::array<std::array<uint8_t, 4>, 256>;  // RGBA

Palette MakePalette(std::span<const uint8_t> bytes, const BmpHeader& header) {
  Palette palette;
  for (size_t i = 0; i < palette.size(); ++i) {
    palette[i] = {uint8_t(i), uint8_t(i), uint8_t(i), 255};
    if (i >= size_t(header.palette_size)) continue;
    const uint8_t* entry = bytes.data() + header.palette_at + i * size_t(header.palette_stride);
    palette[i] = {entry[2], entry[1], entry[0], 255};
  }
  return palette;
}

// A row of palette indices, 1, 4 or 8 bits each, the first pixel in the highest bits.
void PaletteRow(const uint8_t* in, const BmpHeader& header, const Palette& palette, int components, uint8_t* out) {
  const int per_byte = 8 / header.bits, mask = (1 << header.bits) - 1;
  for (int x = 0; x < header.width; ++x, out += components) {
    const int shift = 8 - header.bits * (x % per_byte + 1);
    std::memcpy(out, palette[size_t((in[x / per_byte] >> shift) & mask)].data(), size_t(components));
  }
}

// Whether a channel is a byte in the usual order, blue first: nearly every file.
bool IsPlain(const BmpHeader& header) {
  return header.bits >= 24 && !header.has_alpha() && header.fields[0].mask == 0xFF0000 &&
         header.fields[1].mask == 0xFF00 && header.fields[2].mask == 0xFF;
}

void ColorRow(const uint8_t* in, const BmpHeader& header, int components, uint8_t* out) {
  const int bytes = header.bits / 8;
  if (components == kRgb && IsPlain(header)) {
    for (int x = 0; x < header.width; ++x, in += bytes, out += kRgb) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
    }
    return;
  }
  for (int x = 0; x < header.width; ++x, in += bytes, out += components) {
    uint32_t pixel = 0;
    for (int i = 0; i < bytes; ++i) pixel |= uint32_t(in[i]) << (8 * i);
    for (size_t c = 0; c < kRgb; ++c) out[c] = Extract(pixel, header.fields[c]);
    if (components == 4) out[3] = header.has_alpha() ? Extract(pixel, header.fields[3]) : 255;
  }
}

// Bytes a stored row: a multiple of four.
size_t StrideOf(const BmpHeader& header) { return (size_t(header.width) * size_t(header.bits) + 31) / 32 * 4; }

uint8_t* RowOf(const BmpHeader& header, int stored_row, int components, std::span<uint8_t> out) {
  const int y = header.top_down ? stored_row : header.height - 1 - stored_row;
  return out.data() + size_t(y) * size_t(header.width) * size_t(components);
}

// Run-length codes -> one index a pixel, in stored order. Codes are (count, index) or (0, escape).
class RunLengthReader {
 public:
  RunLengthReader(std::span<const uint8_t> bytes, const BmpHeader& header, std::span<uint8_t> indices)
      : reader_(bytes, false), width_(size_t(header.width)), four_bits_(header.bits == 4), indices_(indices) {
    reader_.Seek(header.pixels_at);
  }

  Status Run() {
    while (y_ * width_ < indices_.size()) {
      const uint8_t count = reader_.U8(), value = reader_.U8();
      if (!reader_.ok()) return Truncated();
      if (count > 0) {
        for (int i = 0; i < count; ++i) Put(four_bits_ ? Nibble(value, i) : value);
      } else if (value == kEndOfRow) {
        x_ = 0;
        ++y_;
      } else if (value == kEndOfImage) {
        break;
      } else if (value == kDelta) {
        x_ += reader_.U8();
        y_ += reader_.U8();
      } else {
        Literal(value);
      }
    }
    return {};
  }

 private:
  enum Escape : uint8_t { kEndOfRow = 0, kEndOfImage = 1, kDelta = 2 };

  static uint8_t Nibble(uint8_t byte, int i) { return i % 2 == 0 ? byte >> 4 : byte & 15; }

  // What passes the end of a row is dropped.
  void Put(uint8_t index) {
    if (x_ < width_ && y_ * width_ + x_ < indices_.size()) indices_[y_ * width_ + x_] = index;
    ++x_;
  }

  // `count` indices as they are, padded to two bytes.
  void Literal(int count) {
    const int bytes = four_bits_ ? (count + 1) / 2 : count;
    for (int i = 0, taken = 0; i < bytes; ++i) {
      const uint8_t byte = reader_.U8();
      for (int half = 0; half < (four_bits_ ? 2 : 1) && taken < count; ++half, ++taken)
        Put(four_bits_ ? Nibble(byte, half) : byte);
    }
    if (bytes % 2 != 0) reader_.Skip(1);
  }

  ByteReader reader_;
  size_t width_;
  bool four_bits_;
  std::span<uint8_t> indices_;
  size_t x_ = 0, y_ = 0;
};

// Whether the file holds all rows; the last one's padding may be missing. Sides are at most kMaxSide.
bool HoldsPixels(std::span<const uint8_t> bytes, const BmpHeader& header) {
  const size_t row_bits = size_t(header.width) * size_t(header.bits);
  const uint64_t needed = uint64_t(StrideOf(header)) * uint64_t(header.height - 1) + (row_bits + 7) / 8;
  return header.pixels_at <= bytes.size() && needed <= bytes.size() - header.pixels_at;
}

Status DecodeRunLength(std::span<const uint8_t> bytes, const BmpHeader& header, int components,
                       std::span<uint8_t> out) {
  PixelBuffer indices = PixelBuffer::Allocate(size_t(header.width) * size_t(header.height));
  if (indices.data() == nullptr) return Error{ErrorCode::kOutOfMemory, "image", "no memory to decode the BMP file"};
  std::memset(indices.data(), 0, indices.size());
  if (Status status = RunLengthReader(bytes, header, {indices.data(), indices.size()}).Run(); !status) return status;
  const Palette palette = MakePalette(bytes, header);
  BmpHeader unpacked = header;
  unpacked.bits = 8;
  for (int y = 0; y < header.height; ++y) {
    PaletteRow(indices.data() + size_t(y) * size_t(header.width), unpacked, palette, components,
               RowOf(header, y, components, out));
  }
  return {};
}

}  // namespace

Result<BmpHeader> ReadBmpHeader(std::span<const uint8_t> bytes) {
  BmpHeader header{};
  ByteReader reader(bytes, false);
  reader.Seek(10);
  header.pixels_at = reader.U32();
  const uint32_t header_bytes = reader.U32();
  if (!reader.ok()) return Truncated();
  if (!IsKnownHeader(header_bytes)) return Unsupported("a BMP header of " + std::to_string(header_bytes) + " bytes");
  const bool is_short = header_bytes == kOs2V1;
  const int64_t width = is_short ? reader.U16() : int32_t(reader.U32());
  const int64_t height = is_short ? reader.U16() : int32_t(reader.U32());
  reader.Skip(2);
  header.bits = reader.U16();
  const uint32_t compression = is_short ? uint32_t(kRaw) : reader.U32();
  if (!is_short) reader.Skip(12);
  const uint32_t colors = is_short ? 0 : reader.U32();
  if (!reader.ok() || bytes.size() < kFileHeaderBytes + header_bytes) return Truncated();

  constexpr int kDepths[] = {1, 4, 8, 16, 24, 32};
  if (std::find(std::begin(kDepths), std::end(kDepths), header.bits) == std::end(kDepths)) {
    return Unsupported("BMP with " + std::to_string(header.bits) + " bits a pixel");
  }
  if (width <= 0 || height == 0 || height == INT32_MIN) return Corrupt("its size is impossible");
  header.width = int(width);
  header.height = int(height < 0 ? -height : height);
  header.top_down = height < 0;
  header.run_length = compression == kRunLength8 || compression == kRunLength4;
  const bool has_fields = (compression == kBitFields || compression == kAlphaBitFields) && header_bytes != kOs2V2;
  if (header.run_length && header.bits != (compression == kRunLength8 ? 8 : 4))
    return Corrupt("its compression contradicts its depth");
  if (compression == kJpeg || compression == kPng) return Unsupported("BMP with a JPEG or PNG inside");
  if (compression != kRaw && !header.run_length && !has_fields) return Unsupported("BMP compressed in an unknown way");
  if (has_fields && header.bits < 16) return Corrupt("its compression contradicts its depth");

  header.fields = DefaultFields(header.bits);
  header.palette_at = kFileHeaderBytes + header_bytes;
  if (has_fields) {
    ReadFields(bytes, header_bytes, compression, header);
    if (header_bytes == kInfo) header.palette_at += compression == kAlphaBitFields ? 16 : 12;
  }
  if (header.pixels_at == 0) header.pixels_at = header.palette_at;
  if (header.bits <= 8) {
    if (Status status = ReadPalette(bytes, header_bytes, colors, header); !status) return status.error();
  }
  const bool too_large = std::max(header.width, header.height) > kMaxSide ||
                         uint64_t(header.width) * uint64_t(header.height) > kMaxPixels;  // the caller's to refuse
  if (!too_large && !header.run_length && !HoldsPixels(bytes, header)) return Truncated();
  return header;
}

Status DecodeBmp(std::span<const uint8_t> bytes, const BmpHeader& header, int components, std::span<uint8_t> out) {
  if (header.run_length) return DecodeRunLength(bytes, header, components, out);
  if (!HoldsPixels(bytes, header)) return Truncated();
  const Palette palette = header.bits <= 8 ? MakePalette(bytes, header) : Palette{};
  for (int y = 0; y < header.height; ++y) {
    const uint8_t* in = bytes.data() + header.pixels_at + size_t(y) * StrideOf(header);
    uint8_t* row = RowOf(header, y, components, out);
    if (header.bits <= 8) {
      PaletteRow(in, header, palette, components, row);
    } else {
      ColorRow(in, header, components, row);
    }
  }
  return {};
}

}  // namespace resnet50
