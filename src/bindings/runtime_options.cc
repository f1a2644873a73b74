#include <emscripten/emscripten.h>
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
    // Of what float32 makes of it: 1e-300 is 0 there, and 1e300 infinite.
    const float single = float(value);
    if (!std::isfinite(single) || (positive && (single <= 0.0F || !std::isfinite(1.0F / single)))) return false;
    out[size_t(i)] = single;
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

Result<PictureSource> ToPictureSource(const val& input) {
  PictureSource source;
  const val bytes = input["bytes"];
  if (!bytes.isUndefined()) {
    source.bytes = AdoptBlock(input, bytes.as<size_t>());
    return source;
  }
  source.width = input["width"].as<int>();
  source.height = input["height"].as<int>();
  source.channels = input["channels"].as<int>();
  const bool positive = source.width > 0 && source.height > 0 && source.channels > 0;
  source.bytes =
      AdoptBlock(input, positive ? size_t(source.width) * size_t(source.height) * size_t(source.channels) : 0);
  if (!positive) return Invalid("image", "width, height and channels must be positive");
  return source;
}

PictureSettings ToPictureSettings(const val& settings) {
  PictureSettings picture;
  picture.decode = ToDecodeOptions(settings["decode"]);
  const val view = settings["view"], region = view["region"];
  picture.rotate = view["rotate"].as<int>();
  if (!region.isNull()) {
    const auto edge = [&](const char* name) { return region[name].as<double>(); };
    picture.region = {edge("left"), edge("top"), edge("right"), edge("bottom")};
  }
  return picture;
}

}  // namespace

std::optional<RgbColor> ToColor(const val& triple) {
  if (!triple.isArray()) return std::nullopt;
  return RgbColor{triple[0].as<uint8_t>(), triple[1].as<uint8_t>(), triple[2].as<uint8_t>()};
}

PixelBuffer AdoptBlock(const val& input, size_t bytes) {
  return PixelBuffer::Adopt(reinterpret_cast<uint8_t*>(input["pointer"].as<uintptr_t>()), bytes);
}

Result<Picture> OpenPicture(const val& input, const val& settings) {
  Result<PictureSource> source = ToPictureSource(input);
  if (!source) return std::move(source).error();
  return resnet50::OpenPicture(std::move(source).value(), ToPictureSettings(settings));
}

ClassChoice ToClassChoice(const val& pick, size_t classes) {
  ClassChoice choice;
  choice.activation = Activation(pick["activation"].as<int>());
  TopKOptions& options = choice.top;
  // A double, because JavaScript's Infinity means all.
  const double k = pick["topK"].as<double>();
  options.k = k >= double(classes) ? classes : size_t(k > 0 ? k : 0);
  options.threshold = pick["threshold"].as<double>();
  if (const auto allowed = pick["allowed"].as<uintptr_t>(); allowed != 0) {
    options.allowed = {reinterpret_cast<const uint8_t*>(allowed), classes};
  }
  return choice;
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
  if (!ReadTriple(options["mean"], transforms.mean, false))
    return Invalid("mean", "must be three numbers that are finite in float32");
  if (!ReadTriple(options["std"], transforms.std, true))
    return Invalid("std", "must be three numbers over 0 in float32");
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
  if (options["watch"].isTrue()) network.clock = emscripten_get_now;
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
