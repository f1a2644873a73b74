#include "image/decode.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "image/bmp.h"
#include "image/bytes.h"
#include "image/exif.h"
#include "image/header.h"
#include "image/stb.h"

namespace resnet50 {
namespace {

// What stb_image may allocate for a file of so many pixels: planes, coefficients of progressive JPEG (2 bytes a
// sample), inflated PNG rows of 16-bit RGBA, conversions between them; and tables.
size_t StbBudget(uint64_t pixels) {
  return size_t(std::min<uint64_t>(pixels * 48 + (uint64_t(16) << 20), SIZE_MAX / 2));
}

uint8_t Over(uint8_t color, uint8_t alpha, uint8_t background) {
  return uint8_t((color * alpha + background * (255 - alpha) + 127) / 255);
}

// Copies `pixels` of n components to RGB: grey replicated, alpha dropped or composed.
void ToRgb(const uint8_t* in, size_t pixels, int components, const std::optional<RgbColor>& background, uint8_t* out) {
  const bool grey = components < 3;
  for (size_t i = 0; i < pixels; ++i, in += components, out += kRgb) {
    const uint8_t color[kRgb] = {in[0], grey ? in[0] : in[1], grey ? in[0] : in[2]};
    if ((components == 4 || components == 2) && background) {
      const uint8_t alpha = in[components - 1];
      out[0] = Over(color[0], alpha, background->r);
      out[1] = Over(color[1], alpha, background->g);
      out[2] = Over(color[2], alpha, background->b);
    } else {
      std::memcpy(out, color, kRgb);
    }
  }
}

Error Truncated() {
  return {ErrorCode::kTruncatedImage, "image", "the file ends before its pixels do: it is truncated"};
}

// stb_image does not know a truncated file from a corrupt one; where the file itself ends early, that is the reason.
Error StbFailure(const StbImage& image, const ImageHeader& header) {
  if (image.out_of_memory) return {ErrorCode::kOutOfMemory, "image", "memory ran out while decoding"};
  if (header.ends_early) return Truncated();
  return {ErrorCode::kCorruptImage, "image",
          std::string("the file is corrupt: the decoder says '") + image.failure + "'"};
}

// A copy of the file with the patches in it.
Result<PixelBuffer> Apply(std::span<const FilePatch> patches, std::span<const uint8_t> bytes) {
  size_t size = bytes.size();
  for (const FilePatch& patch : patches) size += patch.insert.size() - (patch.end - patch.begin);
  PixelBuffer copy = PixelBuffer::Allocate(size);
  if (copy.data() == nullptr) return Error{ErrorCode::kOutOfMemory, "image", "memory ran out while decoding"};
  uint8_t* out = copy.data();
  size_t at = 0;
  for (const FilePatch& patch : patches) {
    out = std::copy(bytes.begin() + ptrdiff_t(at), bytes.begin() + ptrdiff_t(patch.begin), out);
    out = std::copy(patch.insert.begin(), patch.insert.end(), out);
    at = patch.end;
  }
  std::copy(bytes.begin() + ptrdiff_t(at), bytes.end(), out);
  return copy;
}

struct StbRequest {
  int components;
  bool sixteen_bits;
  size_t budget;
};

Result<StbImage> DecodePatched(std::span<const uint8_t> bytes, const ImageHeader& header,
                               std::span<const FilePatch> patches, const StbRequest& request) {
  PixelBuffer patched;
  if (!patches.empty()) {
    Result<PixelBuffer> copy = Apply(patches, bytes);
    if (!copy) return std::move(copy).error();
    patched = std::move(copy).value();
    bytes = {patched.data(), patched.size()};
  }
  StbImage decoded = DecodeWithStb(bytes, request.components, request.sixteen_bits, request.budget);
  if (decoded.failure != nullptr) return StbFailure(decoded, header);
  if (decoded.width != header.width || decoded.height != header.height) {
    return Error{ErrorCode::kCorruptImage, "image",
                 "the file is corrupt: it contradicts its own header about its size"};
  }
  return decoded;
}

// A JPEG without its end is read if no pixel is missing. The decoder does not say: where data is missing, it goes on
// with what comes next. So it is given two different continuations, and must make the same of both.
Result<StbImage> DecodeWithoutEnd(std::span<const uint8_t> bytes, const ImageHeader& header,
                                  const StbRequest& request) {
  constexpr size_t kBits = 64 * 8;
  std::string ones, zeros(kBits / 8, '\0');
  for (size_t i = 0; i < kBits / 8; ++i) ones += std::string("\xFF\0", 2);  // no code consists of ones
  std::vector<FilePatch> patches = header.patches;
  std::erase_if(patches, [&](const FilePatch& patch) { return patch.end > *header.tail_at; });
  patches.push_back({*header.tail_at, bytes.size(), ones + "\xFF\xD9"});
  Result<StbImage> image = DecodePatched(bytes, header, patches, request);
  if (!image) return image;
  patches.back().insert = zeros + "\xFF\xD9";
  const Result<StbImage> other = DecodePatched(bytes, header, patches, request);
  if (!other) return other.error();
  const size_t size = size_t(header.width) * size_t(header.height) * size_t(request.components);
  if (std::memcmp(image->pixels, other->pixels, size) != 0) return Truncated();
  return image;
}

// The pixels of a PNG, as they are compressed.
Result<PixelBuffer> CompressedPixels(std::span<const uint8_t> bytes) {
  PixelBuffer joined = PixelBuffer::Allocate(bytes.size());
  if (joined.data() == nullptr) return Error{ErrorCode::kOutOfMemory, "image", "memory ran out while decoding"};
  size_t size = 0;
  ByteReader reader(bytes);
  reader.Seek(8);
  while (true) {
    const uint32_t length = reader.U32();
    const size_t name_at = reader.position();
    reader.Skip(4);
    if (!reader.ok() || length > reader.left()) break;
    if (StartsWith(bytes, "IDAT", name_at)) {
      std::memcpy(joined.data() + size, bytes.data() + name_at + 4, length);
      size += length;
    }
    reader.Skip(size_t(length) + 4);
  }
  return PixelBuffer::Adopt(joined.release(), size);
}

// Whether the pixels' own checksum is right, where that of a chunk is wrong.
Status CheckPixels(std::span<const uint8_t> bytes, size_t budget) {
  Result<PixelBuffer> compressed = CompressedPixels(bytes);
  if (!compressed) return std::move(compressed).error();
  if (HasRightChecksum({compressed->data(), compressed->size()}, budget)) return {};
  return Error{ErrorCode::kCorruptImage, "image", "the PNG file is corrupt: the checksum of its pixels is wrong"};
}

// Pillow reads 16-bit grey as integers and clips them when it converts to RGB; all other 16-bit PNGs lose their low
// byte.
void ClipGrey16(const uint8_t* in, size_t pixels, uint8_t* out) {
  for (size_t i = 0; i < pixels; ++i) {
    uint16_t value;
    std::memcpy(&value, in + 2 * i, sizeof value);
    std::memset(out + i * kRgb, std::min<int>(value, 255), kRgb);
  }
}

Result<Image> DecodeJpegOrPng(std::span<const uint8_t> bytes, const ImageHeader& header, const DecodeOptions& options) {
  const size_t pixels = size_t(header.width) * size_t(header.height);
  const bool grey16 = header.format == ImageFormat::kPng && header.bits == 16 && header.components == 1;
  // A grey pixel that tRNS makes transparent is composed from 8 bits a component, like every other.
  const bool with_alpha = header.has_alpha && options.background.has_value();
  const int components = with_alpha ? 4 : grey16 ? 1 : kRgb;
  const StbRequest request{components, grey16 && !with_alpha, StbBudget(pixels)};
  if (header.is_unchecked) {
    if (Status checked = CheckPixels(bytes, request.budget); !checked) return std::move(checked).error();
  }
  Result<StbImage> read = header.tail_at && header.ends_early ? DecodeWithoutEnd(bytes, header, request)
                                                              : DecodePatched(bytes, header, header.patches, request);
  if (!read) return std::move(read).error();
  StbImage& decoded = read.value();
  if (components == kRgb) {
    Image image{header.width, header.height, {}, header.format, header.orientation};
    image.pixels = PixelBuffer::Adopt(std::exchange(decoded.pixels, nullptr), pixels * kRgb);
    return image;
  }
  Result<Image> image = AllocateImage(header.width, header.height);
  if (!image) return image;
  if (with_alpha) {
    ToRgb(decoded.pixels, pixels, components, options.background, image->pixels.data());
  } else {
    ClipGrey16(decoded.pixels, pixels, image->pixels.data());
  }
  return image;
}

Result<Image> DecodeBitmap(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  const Result<BmpHeader> header = ReadBmpHeader(bytes);
  if (!header) return header.error();
  Result<Image> image = AllocateImage(header->width, header->height);
  if (!image) return image;
  if (!header->has_alpha() || !options.background) {
    Status status = DecodeBmp(bytes, header.value(), kRgb, {image->pixels.data(), image->pixels.size()});
    if (!status) return std::move(status).error();
    return image;
  }
  const size_t pixels = size_t(header->width) * size_t(header->height);
  PixelBuffer rgba = PixelBuffer::Allocate(pixels * 4);
  if (rgba.data() == nullptr) return Error{ErrorCode::kOutOfMemory, "image", "memory ran out while decoding"};
  Status status = DecodeBmp(bytes, header.value(), 4, {rgba.data(), rgba.size()});
  if (!status) return std::move(status).error();
  ToRgb(rgba.data(), pixels, 4, options.background, image->pixels.data());
  return image;
}

}  // namespace

Result<Image> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  Result<ImageHeader> header = ReadHeader(bytes, options.max_pixels);
  if (!header) return std::move(header).error();
  const bool is_bitmap = header->format == ImageFormat::kBmp;
  Result<Image> image = is_bitmap ? DecodeBitmap(bytes, options) : DecodeJpegOrPng(bytes, header.value(), options);
  if (!image) return image;
  image->format = header->format;
  image->orientation = header->orientation;
  return options.apply_orientation ? ApplyOrientation(std::move(image).value(), header->orientation) : std::move(image);
}

Result<Image> FromPixels(std::span<const uint8_t> pixels, int width, int height, int channels,
                         std::optional<RgbColor> background) {
  if (channels != 1 && channels != 3 && channels != 4) {
    return Error{ErrorCode::kInvalidArgument, "channels", "must be 1, 3 or 4, not " + std::to_string(channels)};
  }
  Result<Image> image = AllocateImage(width, height);
  if (!image) return image;
  const size_t count = size_t(width) * size_t(height);
  if (pixels.size() < count * size_t(channels)) {
    return Error{ErrorCode::kInvalidArgument, "image",
                 std::to_string(pixels.size()) + " bytes are too few for " + std::to_string(width) + " x " +
                     std::to_string(height) + " pixels of " + std::to_string(channels) + " channels"};
  }
  ToRgb(pixels.data(), count, channels, background, image->pixels.data());
  return image;
}

}  // namespace resnet50
