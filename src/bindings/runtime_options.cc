#include <emscripten/val.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "bindings/js_options.h"

namespace resnet50::js {
namespace {

using emscripten::val;

constexpr int kMinSide = 1;
constexpr int kMaxSide = 16384;

// A triple of finite numbers; std must be positive.
bool ReadTriple(const val& triple, std::array<float, 3>& out, bool positive) {
  if (!triple.isArray() || triple["length"].as<int>() != 3) return false;
  for (int i = 0; i < 3; ++i) {
    const double value = triple[i].as<double>();
    if (!std::isfinite(value) || (positive && value <= 0.0)) return false;
    out[size_t(i)] = float(value);
  }
  return true;
}

Error Invalid(const char* field, std::string why) { return {ErrorCode::kInvalidArgument, field, std::move(why)}; }

std::optional<Interpolation> ToInterpolation(const std::string& name) {
  if (name == "nearest") return Interpolation::kNearest;
  if (name == "bilinear") return Interpolation::kBilinear;
  if (name == "bicubic") return Interpolation::kBicubic;
  return std::nullopt;
}

}  // namespace

std::optional<RgbColor> ToColor(const val& triple) {
  if (!triple.isArray()) return std::nullopt;
  return RgbColor{triple[0].as<uint8_t>(), triple[1].as<uint8_t>(), triple[2].as<uint8_t>()};
}

DecodeOptions ToDecodeOptions(const val& options) {
  DecodeOptions decode;
  // Numbers from JavaScript are doubles: a pixel count beyond 2^32 must not wrap.
  decode.max_pixels = uint64_t(std::clamp(options["maxPixels"].as<double>(), 0.0, 1e15));
  decode.apply_orientation = options["applyOrientation"].as<bool>();
  decode.background = ToColor(options["background"]);
  return decode;
}

Result<Transforms> ToTransforms(const val& options) {
  Transforms transforms;
  transforms.resize_size = options["resizeSize"].as<int>();
  transforms.crop_size = options["cropSize"].as<int>();
  for (const auto& [field, side] :
       {std::pair{"resizeSize", transforms.resize_size}, {"cropSize", transforms.crop_size}}) {
    if (side < kMinSide || side > kMaxSide) return Invalid(field, "must lie in 1..16384, not " + std::to_string(side));
  }
  const std::string name = options["interpolation"].as<std::string>();
  const std::optional<Interpolation> interpolation = ToInterpolation(name);
  if (!interpolation) return Invalid("interpolation", "must be nearest, bilinear or bicubic, not " + name);
  transforms.interpolation = *interpolation;
  transforms.antialias = !options["antialias"].isFalse();
  if (!ReadTriple(options["mean"], transforms.mean, false)) return Invalid("mean", "must be three finite numbers");
  if (!ReadTriple(options["std"], transforms.std, true)) return Invalid("std", "must be three positive numbers");
  return transforms;
}

Result<Precision> ToPrecision(const std::string& name) {
  if (name == "int8") return Precision::kInt8;
  if (name == "f32") return Precision::kFloat32;
  return Invalid("precision", "must be int8 or f32, not " + name);
}

Result<NetworkOptions> ToNetworkOptions(const val& options) {
  NetworkOptions network;
  network.classes = options["classes"].as<int>();
  Result<Precision> precision = ToPrecision(options["precision"].as<std::string>());
  if (!precision) return std::move(precision).error();
  network.precision = precision.value();
  network.activation_bits = options["activationBits"].as<int>() == 8 ? ActivationBits::kEight : ActivationBits::kSeven;
  network.threads = size_t(std::max(0, options["threads"].as<int>()));
  const val ranges = options["ranges"];
  const val names = val::global("Object").call<val>("keys", ranges);
  const int count = names["length"].as<int>();
  for (int i = 0; i < count; ++i) {
    const val range = ranges[names[i]];
    network.ranges[names[i].as<std::string>()] = {range[0].as<float>(), range[1].as<float>()};
  }
  return network;
}

}  // namespace resnet50::js
