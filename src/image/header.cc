#include "image/header.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "image/bmp.h"
#include "image/bytes.h"
#include "image/header_formats.h"

namespace resnet50 {
namespace {

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
    if (StartsWith(bytes, signature.bytes, signature.offset)) return UnsupportedFormat(signature.name);
  }
  if (bytes.empty()) return HeaderFault(ErrorCode::kNotAnImage, "the file is empty");
  if (LooksLikeText(bytes, "<svg")) return UnsupportedFormat("SVG");
  if (LooksLikeText(bytes, "<html") || LooksLikeText(bytes, "<!doctype")) {
    return HeaderFault(ErrorCode::kNotAnImage,
                       "this is a web page (HTML), not an image: check the address it came from");
  }
  if (bytes.front() == '{' || bytes.front() == '[')
    return HeaderFault(ErrorCode::kNotAnImage, "this is JSON, not an image");
  return HeaderFault(ErrorCode::kNotAnImage, "the bytes begin like no image format: JPEG, PNG and BMP are read");
}

Result<ImageHeader> ReadBmp(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  const Result<BmpHeader> bmp = ReadBmpHeader(bytes);
  if (!bmp) return bmp.error();
  if (Status size = CheckImageSize(bmp->width, bmp->height, max_pixels); !size) return std::move(size).error();
  const int components = bmp->bits <= 8 ? 1 : bmp->has_alpha() ? 4 : 3;
  return ImageHeader{ImageFormat::kBmp, bmp->width, bmp->height, components, 8, bmp->has_alpha(), false, false, 1};
}

}  // namespace

Result<ImageHeader> ReadHeader(std::span<const uint8_t> bytes, uint64_t max_pixels) {
  if (StartsWith(bytes, "\xff\xd8\xff")) return ReadJpegHeader(bytes, max_pixels);
  if (StartsWith(bytes, "\x89PNG\r\n\x1a\n"sv)) return ReadPngHeader(bytes, max_pixels);
  if (StartsWith(bytes, "BM")) return ReadBmp(bytes, max_pixels);
  return NameOther(bytes);
}

}  // namespace resnet50
