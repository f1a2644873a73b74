#include "image/decode.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "image/exif.h"
#include "image/header.h"
#include "image/stb.h"

namespace resnet50 {
namespace {

// What stb_image may allocate for a file of so many pixels: planes, coefficients of progressive JPEG (2 bytes a sample),
// inflated PNG rows of 16-bit RGBA, conversions between them; and tables.
size_t StbBudget(uint64_t pixels) { return size_t(std::min<uint64_t>(pixels * 48 + (uint64_t(16) << 20), SIZE_MAX / 2)); }

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

Error StbFailure(const StbImage& image) {
  if (image.out_of_memory) return {ErrorCode::kOutOfMemory, "image", "memory ran out while decoding"};
  return {ErrorCode::kCorruptImage, "image", std::string("the file is corrupt: the decoder says '") + image.failure + "'"};
}

// Pillow reads 16-bit grey as integers and clips them when it converts to RGB; all other 16-bit PNGs lose their low byte.
Result<Image> DecodeGrey16(std::span<const uint8_t> bytes, Image image, size_t budget) {
  const StbImage decoded = DecodeWithStb(bytes, 1, true, budget);
  if (decoded.failure != nullptr) return StbFailure(decoded);
  const size_t pixels = size_t(image.width) * size_t(image.height);
  for (size_t i = 0; i < pixels; ++i) {
    uint16_t value;
    std::memcpy(&value, decoded.pixels + 2 * i, sizeof value);
    std::memset(image.pixels.data() + i * kRgb, std::min<int>(value, 255), kRgb);
  }
  return image;
}

}  // namespace

Result<Image> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options) {
  Result<ImageHeader> header = ReadHeader(bytes);
  if (!header) return std::move(header).error();
  const uint64_t pixels = uint64_t(header->width) * uint64_t(header->height);
  const bool too_wide = std::max(header->width, header->height) > kMaxSide;
  if (too_wide || pixels > options.max_pixels) {
    return Error{ErrorCode::kImageTooLarge, "image",
                 std::to_string(header->width) + " x " + std::to_string(header->height) + " pixels are over the limit of " +
                     (too_wide ? std::to_string(kMaxSide) + " a side" : std::to_string(options.max_pixels) + " in all")};
  }
  Result<Image> image = AllocateImage(header->width, header->height);
  if (!image) return image;
  image->format = header->format;
  image->orientation = header->orientation;

  if (header->format == ImageFormat::kPng && header->bits == 16 && header->components == 1) {
    image = DecodeGrey16(bytes, std::move(image).value(), StbBudget(pixels));
    if (!image) return image;
  } else {
    const bool keep_alpha = header->has_alpha && options.background.has_value();
    const int components = keep_alpha ? 4 : kRgb;
    const StbImage decoded = DecodeWithStb(bytes, components, false, StbBudget(pixels));
    if (decoded.failure != nullptr) return StbFailure(decoded);
    if (decoded.width != image->width || decoded.height != image->height) {
      return Error{ErrorCode::kCorruptImage, "image", "the file is corrupt: it contradicts its own header about its size"};
    }
    ToRgb(decoded.pixels, size_t(pixels), components, options.background, image->pixels.data());
  }
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
                 std::to_string(pixels.size()) + " bytes are too few for " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels of " + std::to_string(channels) + " channels"};
  }
  ToRgb(pixels.data(), count, channels, background, image->pixels.data());
  return image;
}

}  // namespace resnet50
