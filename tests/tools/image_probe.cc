// Command line to the image room, for comparing it with Pillow from a script. Knows nothing of the comparison.
//
//   image_probe decode FILE [apply] [BACKGROUND]   "width height orientation" and a newline, then RGB pixels; turned
//                                                  upright with 'apply'; alpha composed on BACKGROUND (rrggbb)
//   image_probe transform FILE RESIZE CROP FILTER  the same of the resized, cropped image; FILTER is nearest, bilinear
//                                                  or bicubic
//   image_probe batch MAX_PIXELS                   files from stdin, each as its length (4 bytes, little-endian) and
//   its bytes; for each, on
//                                                  stdout, a line as of decode and its pixels, or "CODE message"
//   image_probe time FILE REPEATS                  milliseconds for decoding, resizing and normalizing; medians
//
// Exit status 1 with "CODE message" on stderr where the file is refused.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "image/decode.h"
#include "image/normalize.h"
#include "image/transform.h"

namespace {

using namespace resnet50;

std::optional<std::vector<uint8_t>> ReadFile(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return std::nullopt;
  std::vector<uint8_t> bytes;
  uint8_t block[65536];
  for (size_t n; (n = std::fread(block, 1, sizeof block, file)) > 0;) bytes.insert(bytes.end(), block, block + n);
  std::fclose(file);
  return bytes;
}

int Print(const Result<Image>& image) {
  if (!image) {
    const std::string_view code = Name(image.error().code);
    std::fprintf(stderr, "%.*s %s\n", int(code.size()), code.data(), image.error().message.c_str());
    return 1;
  }
  std::printf("%d %d %d\n", image->width, image->height, image->orientation);
  std::fwrite(image->pixels.data(), 1, image->pixels.size(), stdout);
  return 0;
}

// Ends with its input; 0, or 2 where that stops inside a file.
int Batch(uint64_t max_pixels) {
  DecodeOptions options;
  options.max_pixels = max_pixels;
  options.apply_orientation = false;
  uint8_t length[4];
  std::vector<uint8_t> bytes;
  while (std::fread(length, 1, 4, stdin) == 4) {
    bytes.resize(size_t(length[0]) | size_t(length[1]) << 8 | size_t(length[2]) << 16 | size_t(length[3]) << 24);
    if (std::fread(bytes.data(), 1, bytes.size(), stdin) != bytes.size()) return 2;
    // A copy of exactly this size, for sanitizers.
    const Result<Image> image = Decode(std::vector<uint8_t>(bytes), options);
    if (image) {
      Print(image);
    } else {
      const std::string_view code = Name(image.error().code);
      std::printf("%.*s %s\n", int(code.size()), code.data(), image.error().message.c_str());
    }
    std::fflush(stdout);
  }
  return 0;
}

DecodeOptions OptionsFrom(int argc, char** argv) {
  DecodeOptions options;
  options.apply_orientation = false;
  for (int i = 3; i < argc; ++i) {
    unsigned r, g, b;
    if (std::strcmp(argv[i], "apply") == 0) options.apply_orientation = true;
    if (std::sscanf(argv[i], "%2x%2x%2x", &r, &g, &b) == 3)
      options.background = RgbColor{uint8_t(r), uint8_t(g), uint8_t(b)};
  }
  return options;
}

Transforms TransformsFrom(char** argv) {
  Transforms transforms;
  transforms.resize_size = std::atoi(argv[3]);
  transforms.crop_size = std::atoi(argv[4]);
  const std::string_view filter = argv[5];
  transforms.interpolation = filter == "nearest"   ? Interpolation::kNearest
                             : filter == "bicubic" ? Interpolation::kBicubic
                                                   : Interpolation::kBilinear;
  return transforms;
}

double Median(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + ptrdiff_t(values.size() / 2), values.end());
  return values[values.size() / 2];
}

int Time(const std::vector<uint8_t>& bytes, int repeats) {
  using Clock = std::chrono::steady_clock;
  const auto milliseconds = [](auto duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
  const Transforms transforms;
  std::vector<float> out(size_t(transforms.crop_size) * size_t(transforms.crop_size) * kRgb);
  std::vector<double> decoding, resizing, normalizing;
  for (int i = 0; i < repeats; ++i) {
    const auto start = Clock::now();
    const Result<Image> image = Decode(bytes, {});
    const auto decoded = Clock::now();
    if (!image) return Print(image);
    const Result<Image> cropped = ResizeAndCrop(image.value(), transforms);
    const auto resized = Clock::now();
    if (!cropped) return Print(cropped);
    NormalizeToFloat(cropped.value(), transforms, out);
    decoding.push_back(milliseconds(decoded - start));
    resizing.push_back(milliseconds(resized - decoded));
    normalizing.push_back(milliseconds(Clock::now() - resized));
  }
  std::printf("decode %.2f ms, resize and crop %.2f ms, normalize %.2f ms\n", Median(decoding), Median(resizing),
              Median(normalizing));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc >= 3 ? argv[1] : "";
  if (command == "batch") return Batch(std::strtoull(argv[2], nullptr, 10));
  const std::optional<std::vector<uint8_t>> bytes = argc >= 3 ? ReadFile(argv[2]) : std::nullopt;
  if (!bytes) {
    std::fprintf(stderr, "usage: image_probe decode|transform|batch|time FILE ...; the file must be readable\n");
    return 2;
  }
  if (command == "decode") return Print(Decode(*bytes, OptionsFrom(argc, argv)));
  if (command == "time" && argc == 4) return Time(*bytes, std::max(1, std::atoi(argv[3])));
  if (command == "transform" && argc == 6) {
    DecodeOptions options;
    options.apply_orientation = false;
    const Result<Image> image = Decode(*bytes, options);
    return Print(image ? ResizeAndCrop(image.value(), TransformsFrom(argv)) : Error(image.error()));
  }
  return 2;
}
