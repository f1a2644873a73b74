#include "image/header.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "image/bytes.h"
#include "image/exif.h"

namespace resnet50 {
namespace {

Error Fault(ErrorCode code, std::string message) { return {code, "image", std::move(message)}; }
Error Truncated(const char* format) {
  return Fault(ErrorCode::kTruncatedImage, std::string("the ") + format + " file ends before its pixels do: it is truncated");
}
Error Corrupt(const char* format, const char* why) {
  return Fault(ErrorCode::kCorruptImage, std::string("the ") + format + " file is corrupt: " + why);
}
Error Unsupported(const std::string& what) {
  return Fault(ErrorCode::kUnsupportedFormat,
               what + " is not supported: convert it to JPEG or PNG first (in a web page, the browser decodes what it knows)");
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
    {4, "ftypheic"sv, "HEIC"},
    {4, "ftypheix"sv, "HEIC"},
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

enum Marker : uint8_t { kSof0 = 0xC0, kDht = 0xC4, kJpgReserved = 0xC8, kDac = 0xCC, kSof15 = 0xCF, kRst0 = 0xD0, kRst7 = 0xD7,
  kSoi = 0xD8, kEoi = 0xD9, kSos = 0xDA, kApp1 = 0xE1, kApp14 = 0xEE, kTem = 0x01 };

const char* UnreadableProcess(uint8_t marker) {
  switch (marker) {
    case 0xC3: return "lossless JPEG";
    case 0xC5: case 0xC6: return "hierarchical JPEG";
    case 0xC7: return "lossless hierarchical JPEG";
    case 0xC9: case 0xCA: return "JPEG with arithmetic coding";
    case 0xCB: case 0xCD: case 0xCE: case 0xCF: return "JPEG with arithmetic coding";
    default: return nullptr;
  }
}

// Skips entropy-coded data up to the next marker that ends it; false at the end of the file.
bool SkipScan(std::span<const uint8_t> bytes, ByteReader& reader) {
  size_t at = reader.position();
  for (; at + 1 < bytes.size(); ++at) {
    if (bytes[at] != 0xFF) continue;
    const uint8_t next = bytes[at + 1];
    const bool inside = next == 0 || next == 0xFF || (next >= kRst0 && next <= kRst7);
    if (!inside) {
      reader.Seek(at);
      return true;
    }
  }
  return false;
}

Result<ImageHeader> ReadJpeg(std::span<const uint8_t> bytes) {
  ImageHeader header{ImageFormat::kJpeg, 0, 0, 0, 8, false, false, false, 1};
  ByteReader reader(bytes);
  reader.Seek(2);
  bool adobe = false, scanned = false;
  while (true) {
    // Markers may be preceded by fill bytes; encoders leave stray bytes, which decoders skip.
    uint8_t byte = reader.U8();
    while (reader.ok() && byte != 0xFF) byte = reader.U8();
    while (reader.ok() && byte == 0xFF) byte = reader.U8();
    if (!reader.ok()) return Truncated("JPEG");
    const uint8_t marker = byte;
    if (marker == kEoi) break;
    if (marker == 0 || marker == kTem || marker == kSoi || (marker >= kRst0 && marker <= kRst7)) continue;
    const size_t start = reader.position();
    const size_t length = reader.U16();
    if (!reader.ok()) return Truncated("JPEG");
    if (length < 2) return Corrupt("JPEG", "a segment has an impossible length");
    if (length > bytes.size() - start) return Truncated("JPEG");
    const std::span<const uint8_t> segment = bytes.subspan(start + 2, length - 2);
    const bool frame = marker >= kSof0 && marker <= kSof15 && marker != kDht && marker != kJpgReserved && marker != kDac;
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
    } else if (marker == kApp1 && StartsWith(segment, "Exif\0\0"sv)) {
      header.orientation = ReadOrientation(segment.subspan(6));
    } else if (marker == kApp14 && StartsWith(segment, "Adobe")) {
      adobe = true;
    }
    reader.Seek(start + length);
    if (marker == kSos) {
      if (header.components == 0) return Corrupt("JPEG", "a scan comes before the frame header");
      scanned = true;
      if (!SkipScan(bytes, reader)) return Truncated("JPEG");
    }
  }
  if (!scanned) return Corrupt("JPEG", "it has no pixels");
  header.is_adobe_cmyk = header.components == 4 && adobe;
  header.is_plain_cmyk = header.components == 4 && !adobe;
  return header;
}

// --- PNG (ISO/IEC 15948) ----------------------------------------------------------------------------------------------

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
    case 2: case 4: case 6: return bits == 8 || bits == 16;
    default: return false;
  }
}

Result<ImageHeader> ReadPng(std::span<const uint8_t> bytes) {
  ImageHeader header{ImageFormat::kPng, 0, 0, 0, 0, false, false, false, 1};
  ByteReader reader(bytes);
  reader.Seek(8);
  bool have_header = false, have_pixels = false;
  while (true) {
    const uint32_t length = reader.U32();
    const size_t name_at = reader.position();
    reader.Skip(4);
    if (!reader.ok()) return Truncated("PNG");
    if (length > 0x7FFFFFFFU) return Corrupt("PNG", "a chunk has an impossible length");
    const bool is_pixels = StartsWith(bytes, "IDAT", name_at);
    if (length > reader.left() || reader.left() - length < 4) return Truncated("PNG");
    const std::span<const uint8_t> chunk = bytes.subspan(reader.position(), length);
    ByteReader crc(bytes);
    crc.Seek(reader.position() + length);
    const bool critical = (bytes[name_at] & 0x20) == 0;
    if (critical && crc.U32() != Crc32(bytes.subspan(name_at, size_t(length) + 4))) {
      return Corrupt("PNG", "the checksum of a chunk is wrong");
    }
    if (!have_header) {
      if (!StartsWith(bytes, "IHDR", name_at) || length != 13) return Corrupt("PNG", "it does not begin with its header");
      ByteReader fields(chunk);
      const uint32_t width = fields.U32(), height = fields.U32();
      header.bits = fields.U8();
      const int color_type = fields.U8();
      if (width == 0 || height == 0 || width > 0x7FFFFFFFU || height > 0x7FFFFFFFU) return Corrupt("PNG", "its size is impossible");
      if (!IsPossible(color_type, header.bits)) return Corrupt("PNG", "its colour type or bit depth does not exist");
      header.width = int(width);
      header.height = int(height);
      header.components = color_type == 0 || color_type == 3 ? 1 : color_type == 4 ? 2 : color_type == 2 ? 3 : 4;
      header.has_alpha = color_type == 4 || color_type == 6;
      have_header = true;
    } else if (is_pixels) {
      have_pixels = true;
    } else if (StartsWith(bytes, "eXIf", name_at)) {
      header.orientation = ReadOrientation(chunk);
    } else if (StartsWith(bytes, "tRNS", name_at)) {
      header.has_alpha = true;
    } else if (StartsWith(bytes, "IEND", name_at)) {
      if (!have_pixels) return Corrupt("PNG", "it has no pixels");
      return header;
    }
    reader.Skip(size_t(length) + 4);
  }
}

// --- BMP ------------------------------------------------------------------------------------------------------------------

Result<ImageHeader> ReadBmp(std::span<const uint8_t> bytes) {
  ImageHeader header{ImageFormat::kBmp, 0, 0, 3, 8, false, false, false, 1};
  ByteReader reader(bytes, false);
  reader.Seek(14);
  const uint32_t size = reader.U32();
  int64_t width = 0, height = 0;
  uint32_t compression = 0;
  if (size == 12) {
    width = reader.U16();
    height = reader.U16();
  } else {
    width = int32_t(reader.U32());
    height = int32_t(reader.U32());
  }
  reader.Skip(2);
  const uint16_t bits = reader.U16();
  if (size != 12) compression = reader.U32();
  if (!reader.ok()) return Truncated("BMP");
  if (size != 12 && size != 40 && size != 56 && size != 108 && size != 124) {
    return Unsupported("a BMP header of " + std::to_string(size) + " bytes");
  }
  if (width <= 0 || height == 0 || width > 0x7FFFFFFF || height < -0x7FFFFFFF) return Corrupt("BMP", "its size is impossible");
  if (compression == 1 || compression == 2) return Unsupported("run-length coded BMP");
  if (compression != 0 && compression != 3 && compression != 6) return Unsupported("compressed BMP");
  header.width = int(width);
  header.height = int(height < 0 ? -height : height);
  header.has_alpha = bits == 32 && compression != 0;
  return header;
}

}  // namespace

Result<ImageHeader> ReadHeader(std::span<const uint8_t> bytes) {
  if (StartsWith(bytes, "\xff\xd8\xff")) return ReadJpeg(bytes);
  if (StartsWith(bytes, "\x89PNG\r\n\x1a\n"sv)) return ReadPng(bytes);
  if (StartsWith(bytes, "BM")) return ReadBmp(bytes);
  return NameOther(bytes);
}

}  // namespace resnet50
