// The chunks of a PNG (ISO/IEC 15948), up to its last.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "image/bytes.h"
#include "image/exif.h"
#include "image/header_formats.h"

namespace resnet50 {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n"sv;

// CRC-32 as PNG defines it (ISO 3309), four bits at a time.
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
  for (uint8_t byte : bytes) {
    crc ^= byte;
    crc = (crc >> 4) ^ kTable[crc & 15];
    crc = (crc >> 4) ^ kTable[crc & 15];
  }
  return ~crc;
}

bool IsPossible(int color_type, int bits) {
  switch (color_type) {
    case 0: return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16;
    case 3: return bits == 1 || bits == 2 || bits == 4 || bits == 8;
    case 2:
    case 4:
    case 6: return bits == 8 || bits == 16;
    default: return false;
  }
}

// The IHDR chunk. Errors: kCorruptImage, kImageTooLarge.
Result<ImageHeader> ReadPngSize(std::span<const uint8_t> chunk, uint64_t max_pixels) {
  ImageHeader header{ImageFormat::kPng, 0, 0, 0, 0, false, false, false, 1};
  ByteReader fields(chunk);
  const uint32_t width = fields.U32(), height = fields.U32();
  header.bits = fields.U8();
  const int color_type = fields.U8();
  if (width == 0 || height == 0 || width > 0x7FFFFFFFU || height > 0x7FFFFFFFU)
    return CorruptFile("PNG", "its size is impossible");
  if (!IsPossible(color_type, header.bits)) return CorruptFile("PNG", "its color type or bit depth does not exist");
  if (Status size = CheckImageSize(int(width), int(height), max_pixels); !size) return std::move(size).error();
  header.width = int(width);
  header.height = int(height);
  header.components = color_type == 0 || color_type == 3 ? 1 : color_type == 4 ? 2 : color_type == 2 ? 3 : 4;
  header.has_alpha = color_type == 4 || color_type == 6;
  return header;
}

// Deflate makes at most 1032 bytes of one, so that a small file cannot hold a large image.
bool CanHoldPixels(const ImageHeader& header, uint64_t compressed_bytes) {
  const uint64_t row = (uint64_t(header.width) * uint64_t(header.components) * uint64_t(header.bits) + 7) / 8 + 1;
  return row * uint64_t(header.height) <= (compressed_bytes + 1) * 1032;
}

constexpr std::string_view kLastChunk = "\0\0\0\0IEND\xae\x42\x60\x82"sv;

// The file as if it ended at `at`, after its pixels.
void EndPngAt(size_t at, size_t size, ImageHeader& header) {
  header.ends_early = true;
  header.patches.push_back({at, size, std::string(kLastChunk)});
}

// Bytes of a number as PNG has them.
std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(char(value >> shift));
  return bytes;
}

// The file ends inside a chunk of pixels: what is there of it as a chunk of that length, and the end.
void EndPixelsEarly(size_t chunk_at, size_t data_bytes, size_t size, ImageHeader& header) {
  header.patches.push_back({chunk_at, chunk_at + 4, BigEndian(uint32_t(data_bytes))});
  EndPngAt(chunk_at + 8 + data_bytes, size, header);
  header.patches.back().insert.insert(0, 4, '\0');  // the checksum, at which the decoder does not look
}

// A palette with fewer entries than the pixels' bits can name: the others are levels of grey, as Pillow has them. The
// decoder would take what its stack holds.
void CompletePalette(size_t chunk_at, size_t length, ImageHeader& header) {
  const size_t entries = size_t{1} << header.bits;
  std::string rest;
  for (size_t i = length / kRgb; i < entries; ++i) rest.append(kRgb, char(i));
  if (length % kRgb != 0 || rest.empty()) return;
  header.patches.push_back({chunk_at, chunk_at + 4, BigEndian(uint32_t(entries * kRgb))});
  const size_t end = chunk_at + 8 + length;
  header.patches.push_back({end, end, std::move(rest)});
}

constexpr int kGreyType = 0, kRgbType = 2, kPaletteType = 3;
constexpr size_t kMaxPalette = 256;

class PngReader {
 public:
  PngReader(std::span<const uint8_t> bytes, uint64_t max_pixels)
      : bytes_(bytes), reader_(bytes), max_pixels_(max_pixels) {
    reader_.Seek(kSignature.size());
  }

  Result<ImageHeader> Read() {
    while (!at_end_) {
      if (Status status = ReadChunk(); !status) return std::move(status).error();
    }
    if (compressed_bytes_ == 0) return Corrupt("it has no pixels");
    if (!CanHoldPixels(*header_, compressed_bytes_)) return Corrupt("its pixels are too few for its size");
    return *std::move(header_);
  }

 private:
  static Error Corrupt(const char* why) { return CorruptFile("PNG", why); }
  bool Is(std::string_view name) const { return StartsWith(bytes_, name, chunk_at_ + 4); }

  Status ReadChunk() {
    chunk_at_ = reader_.position();
    const uint32_t length = reader_.U32();
    reader_.Skip(4);
    if (!reader_.ok() || length > reader_.left() || reader_.left() - length < 4) return EndInside(length);
    if (header_ && Is("IEND")) {  // whatever its checksum
      at_end_ = true;
      return {};
    }
    const std::span<const uint8_t> chunk = bytes_.subspan(reader_.position(), length);
    ByteReader crc(bytes_);
    crc.Seek(reader_.position() + length);
    const bool critical = (bytes_[chunk_at_ + 4] & 0x20) == 0;
    const bool damaged = critical && crc.U32() != Crc32(bytes_.subspan(chunk_at_ + 4, size_t(length) + 4));
    reader_.Skip(size_t(length) + 4);
    if (header_ && Is("IDAT")) {
      header_->is_unchecked |= damaged;
      if (compressed_bytes_ == 0 && length == 0) LeaveOut();
      compressed_bytes_ += length;
      return {};
    }
    if (critical && compressed_bytes_ > 0) {
      // Nothing that matters comes after the pixels.
      EndPngAt(chunk_at_, bytes_.size(), *header_);
      at_end_ = true;
      return {};
    }
    if (damaged) return Corrupt("the checksum of a chunk is wrong");
    if (!header_) return ReadFirst(chunk);
    if (Is("eXIf")) header_->orientation = ReadOrientation(chunk);
    if (Is("tRNS")) ReadTransparency(chunk.size());
    if (Is("PLTE")) return ReadPalette(chunk.size());
    return {};
  }

  // The file ends inside a chunk. The pixels may be complete none the less; the decoder finds out, but insists on a
  // last chunk.
  Status EndInside(uint32_t length) {
    at_end_ = true;
    if (compressed_bytes_ == 0 && reader_.ok() && length > 0x7FFFFFFFU)
      return Corrupt("a chunk has an impossible length");
    if (header_ && reader_.ok() && Is("IDAT")) {
      const size_t there = std::min<size_t>(length, reader_.left());
      EndPixelsEarly(chunk_at_, there, bytes_.size(), *header_);
      compressed_bytes_ += there;
    } else if (compressed_bytes_ > 0) {
      EndPngAt(chunk_at_, bytes_.size(), *header_);
    }
    if (compressed_bytes_ == 0) return TruncatedFile("PNG");
    return {};
  }

  Status ReadFirst(std::span<const uint8_t> chunk) {
    if (Is("CgBI")) return UnsupportedFormat("PNG in Apple's own variety (CgBI)");
    if (!Is("IHDR") || chunk.size() != 13) return Corrupt("it does not begin with its header");
    Result<ImageHeader> read = ReadPngSize(chunk, max_pixels_);
    if (!read) return std::move(read).error();
    header_ = std::move(read).value();
    color_type_ = chunk[9];
    return {};
  }

  // Colors that pixels name; in pictures of other kinds, colors for screens that show few, at which nobody looks.
  Status ReadPalette(size_t length) {
    if (color_type_ != kPaletteType) {
      if (length % kRgb != 0 || length > kMaxPalette * kRgb) LeaveOut();
      return {};
    }
    if (palette_) return Corrupt("it has two palettes");
    palette_ = length / kRgb;
    if (*palette_ <= kMaxPalette) CompletePalette(chunk_at_, length, *header_);
    return {};
  }

  // The first one that fits the pixels; any other is passed over, as libpng does, where the decoder would stop.
  void ReadTransparency(size_t length) {
    const bool fits = color_type_ == kPaletteType ? length <= palette_.value_or(0)
                                                  : length == (color_type_ == kGreyType  ? 2U
                                                               : color_type_ == kRgbType ? 6U
                                                                                         : 0U);
    if (!fits || length == 0 || compressed_bytes_ > 0 || has_transparency_) return LeaveOut();
    header_->has_alpha = has_transparency_ = true;
  }

  // The chunk that was read last.
  void LeaveOut() {
    std::vector<FilePatch>& patches = header_->patches;
    const size_t end = reader_.position();
    if (!patches.empty() && patches.back().end == chunk_at_ && patches.back().insert.empty()) {
      patches.back().end = end;
    } else {
      patches.push_back({chunk_at_, end, {}});
    }
  }

  std::span<const uint8_t> bytes_;
  ByteReader reader_;
  uint64_t max_pixels_;
  std::optional<ImageHeader> header_;
  size_t chunk_at_ = 0;
  std::optional<size_t> palette_;  // entries
  uint64_t compressed_bytes_ = 0;
  int color_type_ = 0;
  bool has_transparency_ = false, at_end_ = false;
};

}  // namespace

Result<ImageHeader> ReadPngHeader(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  return PngReader(bytes, max_pixels).Read();
}

}  // namespace resnet50
