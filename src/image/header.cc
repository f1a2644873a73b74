#include "image/header.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "image/bmp.h"
#include "image/bytes.h"
#include "image/exif.h"
#include "image/scan_tally.h"

namespace resnet50 {
namespace {

Error Fault(ErrorCode code, std::string message) { return {code, "image", std::move(message)}; }
Error Truncated(const char* format) {
  return Fault(ErrorCode::kTruncatedImage,
               std::string("the ") + format + " file ends before its pixels do: it is truncated");
}
Error Corrupt(const char* format, const char* why) {
  return Fault(ErrorCode::kCorruptImage, std::string("the ") + format + " file is corrupt: " + why);
}
Error Unsupported(const std::string& what) {
  return Fault(
      ErrorCode::kUnsupportedFormat,
      what + " is not supported: convert it to JPEG or PNG first (in a web page, the browser decodes what it knows)");
}

Status CheckSize(int width, int height, uint64_t max_pixels) {
  const bool too_wide = std::max(width, height) > kMaxSide;
  max_pixels = std::min(max_pixels, kMaxPixels);
  if (!too_wide && uint64_t(width) * uint64_t(height) <= max_pixels) return {};
  return Fault(ErrorCode::kImageTooLarge,
               std::to_string(width) + " x " + std::to_string(height) + " pixels are over the limit of " +
                   (too_wide ? std::to_string(kMaxSide) + " a side" : std::to_string(max_pixels) + " in all"));
}

// Formats that we recognise and do not decode: bytes at an offset.
struct Signature {
  size_t offset;
  std::string_view bytes;
  const char* name;
};
using namespace std::string_view_literals;
constexpr Signature kSignatures[] = {
    {8, "WEBP"sv, "WebP"},
    {4, "ftypavif"sv, "AVIF"},
    {4, "ftypavis"sv, "AVIF"},
    {4, "ftyphei"sv, "HEIC"},
    {4, "ftyphev"sv, "HEIC"},
    {4, "ftypmif1"sv, "HEIF"},
    {4, "ftypmsf1"sv, "HEIF"},
    {0, "GIF8"sv, "GIF"},
    {0, "II*\0"sv, "TIFF"},
    {0, "MM\0*"sv, "TIFF"},
    {0, "II+\0"sv, "BigTIFF"},
    {0, "MM\0+"sv, "BigTIFF"},
    {0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "JPEG XL"},
    {0, "\xff\x0a"sv, "JPEG XL"},
    {0, "\0\0\0\x0cjP  \r\n\x87\n"sv, "JPEG 2000"},
    {0, "\xff\x4f\xff\x51"sv, "JPEG 2000"},
    {0, "8BPS"sv, "Photoshop (PSD)"},
    {0, "\0\0\1\0"sv, "ICO"},
    {0, "%PDF"sv, "PDF"},
    {0, "qoif"sv, "QOI"},
    {0, "#?RADIANCE"sv, "Radiance HDR"},
    {0, "\x76\x2f\x31\x01"sv, "OpenEXR"},
    {0, "\x8aMNG"sv, "MNG"},
    {0, "\x8bJNG"sv, "JNG"},
    {0, "DDS "sv, "DDS"},
};

bool LooksLikeText(std::span<const uint8_t> bytes, std::string_view word) {
  const auto end = bytes.begin() + ptrdiff_t(std::min<size_t>(bytes.size(), 512));
  return std::search(bytes.begin(), end, word.begin(), word.end(),
                     [](uint8_t a, char b) { return (a | 0x20) == (uint8_t(b) | 0x20); }) != end;
}

Error NameOther(std::span<const uint8_t> bytes) {
  for (const Signature& signature : kSignatures) {
    if (StartsWith(bytes, signature.bytes, signature.offset)) return Unsupported(signature.name);
  }
  if (bytes.empty()) return Fault(ErrorCode::kNotAnImage, "the file is empty");
  if (LooksLikeText(bytes, "<svg")) return Unsupported("SVG");
  if (LooksLikeText(bytes, "<html") || LooksLikeText(bytes, "<!doctype")) {
    return Fault(ErrorCode::kNotAnImage, "this is a web page (HTML), not an image: check the address it came from");
  }
  if (bytes.front() == '{' || bytes.front() == '[') return Fault(ErrorCode::kNotAnImage, "this is JSON, not an image");
  return Fault(ErrorCode::kNotAnImage, "the bytes begin like no image format: JPEG, PNG and BMP are read");
}

// --- JPEG (ITU-T T.81) ----------------------------------------------------------------------------------------------

enum Marker : uint8_t {
  kSof0 = 0xC0,
  kDht = 0xC4,
  kJpgReserved = 0xC8,
  kDac = 0xCC,
  kSof15 = 0xCF,
  kRst0 = 0xD0,
  kRst7 = 0xD7,
  kSoi = 0xD8,
  kEoi = 0xD9,
  kSos = 0xDA,
  kDri = 0xDD,
  kApp1 = 0xE1,
  kApp14 = 0xEE,
  kTem = 0x01
};

const char* UnreadableProcess(uint8_t marker) {
  switch (marker) {
    case 0xC3: return "lossless JPEG";
    case 0xC5:
    case 0xC6: return "hierarchical JPEG";
    case 0xC7: return "lossless hierarchical JPEG";
    case 0xC9:
    case 0xCA:
    case 0xCB:
    case 0xCD:
    case 0xCE:
    case 0xCF: return "JPEG with arithmetic coding";
    default: return nullptr;
  }
}

// Skips entropy-coded data up to the next marker that ends it, or to the end of the file; the number of restart
// markers.
int SkipScan(std::span<const uint8_t> bytes, ByteReader& reader) {
  int restarts = 0;
  size_t at = reader.position();
  while (at + 1 < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, 0xFF, bytes.size() - 1 - at);
    if (found == nullptr) break;
    at = size_t(static_cast<const uint8_t*>(found) - bytes.data());
    const uint8_t next = bytes[at + 1];
    const bool restart = next >= kRst0 && next <= kRst7;
    if (next != 0 && next != 0xFF && !restart) {
      reader.Seek(at);
      return restarts;
    }
    restarts += restart;
    ++at;
  }
  reader.Seek(bytes.size());
  return restarts;
}

// Skips bytes up to a marker, and the 0xFF that introduce it. Encoders leave stray bytes, which decoders pass over.
uint8_t NextMarker(ByteReader& reader) {
  uint8_t byte = reader.U8();
  while (reader.ok() && byte != 0xFF) byte = reader.U8();
  while (reader.ok() && byte == 0xFF) byte = reader.U8();
  return byte;
}

// An Adobe segment that says: four components, inverted CMYK.
constexpr std::string_view kAdobeCmyk =
    "\xff\xee\0\x0e"
    "Adobe\0\x64\0\0\0\0\0"sv;

// Encoders write at most some twenty; every scan costs the decoder a pass over all pixels, however few bytes it has, so
// that thousands of them would keep it busy for minutes.
constexpr int kMaxScans = 100;
// Places with stray bytes: each is remembered.
constexpr size_t kMaxGaps = 100;

Result<ImageHeader> ReadJpeg(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  ImageHeader header{ImageFormat::kJpeg, 0, 0, 0, 8, false, false, false, 1};
  ByteReader reader(bytes);
  reader.Seek(2);
  bool adobe = false, has_exif = false;
  int scans = 0;
  ScanTally tally;
  // What lies behind the last segment or scan: nothing, fill bytes, or what does not belong there.
  size_t gap_begin = reader.position(), behind_last_scan = 0;
  // The file has no more marker. Truncated, unless it lacks nothing but its end.
  const auto lacks_only_its_end = [&] {
    header.ends_early = tally.IsComplete();
    header.tail_at = behind_last_scan;
    return header.ends_early;
  };
  while (true) {
    const uint8_t marker = NextMarker(reader);
    if (!reader.ok()) {
      if (lacks_only_its_end()) break;
      return Truncated("JPEG");
    }
    // 0xFF00 means data, and these other markers have no segment.
    if (marker == 0 || marker == kTem || marker == kSoi || (marker >= kRst0 && marker <= kRst7)) continue;
    // Encoders leave stray bytes between segments. The decoder stops at some of them; others pass over all.
    const size_t marker_at = reader.position() - 2;
    const auto gap = bytes.subspan(gap_begin, std::max(marker_at, gap_begin) - gap_begin);
    if (std::any_of(gap.begin(), gap.end(), [](uint8_t byte) { return byte != 0xFF; })) {
      if (header.patches.size() == kMaxGaps) return Corrupt("JPEG", "it has stray bytes in too many places");
      header.patches.push_back({gap_begin, marker_at, {}});
    }
    if (marker == kEoi) break;
    const size_t start = reader.position();
    const size_t length = reader.U16();
    if (!reader.ok() || length < 2 || length > bytes.size() - start) {
      if (lacks_only_its_end()) break;
      if (reader.ok() && length < 2) return Corrupt("JPEG", "a segment has an impossible length");
      return Truncated("JPEG");
    }
    const std::span<const uint8_t> segment = bytes.subspan(start + 2, length - 2);
    const bool frame =
        marker >= kSof0 && marker <= kSof15 && marker != kDht && marker != kJpgReserved && marker != kDac;
    if (frame && header.components == 0) {
      if (const char* process = UnreadableProcess(marker)) return Unsupported(process);
      header.bits = reader.U8();
      header.height = reader.U16();
      header.width = reader.U16();
      header.components = reader.U8();
      if (!reader.ok() || segment.size() < 6) return Corrupt("JPEG", "its frame header is too short");
      if (header.bits != 8) return Unsupported(std::to_string(header.bits) + "-bit JPEG");
      if (header.components != 1 && header.components != 3 && header.components != 4) {
        return Unsupported("JPEG with " + std::to_string(header.components) + " components");
      }
      if (header.height == 0) return Unsupported("JPEG whose height comes after its pixels");
      if (header.width == 0) return Corrupt("JPEG", "its width is 0");
      if (Status size = CheckSize(header.width, header.height, max_pixels); !size) return std::move(size).error();
      tally.Frame(segment.subspan(6), marker == kSof0 + 2);
    } else if (marker == kDri && segment.size() >= 2) {
      tally.set_restart_interval(segment[0] << 8 | segment[1]);
    } else if (marker == kApp1 && StartsWith(segment, "Exif\0\0"sv) && !has_exif) {
      has_exif = true;  // the first one counts
      header.orientation = ReadOrientation(segment.subspan(6));
    } else if (marker == kApp14 && StartsWith(segment, "Adobe")) {
      adobe = true;
    }
    reader.Seek(start + length);
    if (marker == kSos) {
      if (header.components == 0) return Corrupt("JPEG", "a scan comes before the frame header");
      if (++scans > kMaxScans) return Corrupt("JPEG", "it has more scans than any encoder writes");
      tally.Scan(segment, SkipScan(bytes, reader), header.width, header.height);
      behind_last_scan = reader.position();
    }
    gap_begin = reader.position();
  }
  if (scans == 0) return Corrupt("JPEG", "it has no pixels");
  header.is_adobe_cmyk = header.components == 4 && adobe;
  header.is_plain_cmyk = header.components == 4 && !adobe;
  // Pillow takes every CMYK file for an inverted one; the decoder would take these for YCbCr and a fourth component.
  if (header.is_plain_cmyk) header.patches.insert(header.patches.begin(), {2, 2, std::string(kAdobeCmyk)});
  return header;
}

// --- PNG (ISO/IEC 15948)
// ----------------------------------------------------------------------------------------------

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
    return Corrupt("PNG", "its size is impossible");
  if (!IsPossible(color_type, header.bits)) return Corrupt("PNG", "its color type or bit depth does not exist");
  if (Status size = CheckSize(int(width), int(height), max_pixels); !size) return std::move(size).error();
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

// The decoder copies what an empty first chunk of pixels holds to where it has no memory yet.
void LeaveOut(size_t begin, size_t end, ImageHeader& header) {
  if (!header.patches.empty() && header.patches.back().end == begin && header.patches.back().insert.empty()) {
    header.patches.back().end = end;
  } else {
    header.patches.push_back({begin, end, {}});
  }
}

constexpr size_t kChunkFrame = 12;  // length, name and checksum
constexpr int kPaletteType = 3;
constexpr size_t kColorTypeAt = 25;  // in the file: IHDR comes first

Result<ImageHeader> ReadPng(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  ByteReader reader(bytes);
  reader.Seek(8);
  std::optional<ImageHeader> header;
  bool has_palette = false;
  uint64_t compressed_bytes = 0;
  while (true) {
    const size_t chunk_at = reader.position();
    const uint32_t length = reader.U32();
    const size_t name_at = reader.position();
    reader.Skip(4);
    const bool is_pixels = header && reader.ok() && StartsWith(bytes, "IDAT", name_at);
    if (!reader.ok() || length > reader.left() || reader.left() - length < 4) {
      if (compressed_bytes == 0 && reader.ok() && length > 0x7FFFFFFFU)
        return Corrupt("PNG", "a chunk has an impossible length");
      // The pixels may be complete none the less; the decoder finds out, but insists on a last chunk.
      if (is_pixels) {
        const size_t there = std::min<size_t>(length, reader.left());
        EndPixelsEarly(chunk_at, there, bytes.size(), *header);
        compressed_bytes += there;
      } else if (compressed_bytes > 0) {
        EndPngAt(chunk_at, bytes.size(), *header);
      }
      if (compressed_bytes == 0) return Truncated("PNG");
      break;
    }
    if (header && StartsWith(bytes, "IEND", name_at)) break;  // whatever its checksum
    const std::span<const uint8_t> chunk = bytes.subspan(reader.position(), length);
    ByteReader crc(bytes);
    crc.Seek(reader.position() + length);
    const bool critical = (bytes[name_at] & 0x20) == 0;
    const bool damaged = critical && crc.U32() != Crc32(bytes.subspan(name_at, size_t(length) + 4));
    if (is_pixels) {
      header->is_unchecked |= damaged;
      if (compressed_bytes == 0 && length == 0) LeaveOut(chunk_at, chunk_at + kChunkFrame, *header);
      compressed_bytes += length;
      reader.Skip(size_t(length) + 4);
      continue;
    }
    if (critical && compressed_bytes > 0) {
      // Nothing that matters comes after the pixels.
      EndPngAt(chunk_at, bytes.size(), *header);
      break;
    }
    if (damaged) return Corrupt("PNG", "the checksum of a chunk is wrong");
    if (!header) {
      if (StartsWith(bytes, "CgBI", name_at)) return Unsupported("PNG in Apple's own variety (CgBI)");
      if (!StartsWith(bytes, "IHDR", name_at) || length != 13)
        return Corrupt("PNG", "it does not begin with its header");
      Result<ImageHeader> read = ReadPngSize(chunk, max_pixels);
      if (!read) return read;
      header = std::move(read).value();
    } else if (StartsWith(bytes, "eXIf", name_at)) {
      header->orientation = ReadOrientation(chunk);
    } else if (StartsWith(bytes, "tRNS", name_at)) {
      header->has_alpha = true;
    } else if (StartsWith(bytes, "PLTE", name_at) && bytes[kColorTypeAt] == kPaletteType && !has_palette) {
      has_palette = true;
      CompletePalette(chunk_at, length, *header);
    }
    reader.Skip(size_t(length) + 4);
  }
  if (compressed_bytes == 0) return Corrupt("PNG", "it has no pixels");
  if (!CanHoldPixels(*header, compressed_bytes)) return Corrupt("PNG", "its pixels are too few for its size");
  return *header;
}

// --- BMP
// ------------------------------------------------------------------------------------------------------------------

Result<ImageHeader> ReadBmp(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  const Result<BmpHeader> bmp = ReadBmpHeader(bytes);
  if (!bmp) return bmp.error();
  if (Status size = CheckSize(bmp->width, bmp->height, max_pixels); !size) return std::move(size).error();
  const int components = bmp->bits <= 8 ? 1 : bmp->has_alpha() ? 4 : 3;
  return ImageHeader{ImageFormat::kBmp, bmp->width, bmp->height, components, 8, bmp->has_alpha(), false, false, 1};
}

}  // namespace

Result<ImageHeader> ReadHeader(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  if (StartsWith(bytes, "\xff\xd8\xff")) return ReadJpeg(bytes, max_pixels);
  if (StartsWith(bytes, "\x89PNG\r\n\x1a\n"sv)) return ReadPng(bytes, max_pixels);
  if (StartsWith(bytes, "BM")) return ReadBmp(bytes, max_pixels);
  return NameOther(bytes);
}

}  // namespace resnet50
