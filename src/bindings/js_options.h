// Option objects of web/core/types.ts -> the core's structs. The TypeScript side has checked types; the rooms that use
// the values check their ranges.
#pragma once

#include <emscripten/val.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "image/decode.h"
#include "image/transform.h"
#include "network/network.h"

namespace resnet50::js {

DecodeOptions ToDecodeOptions(const emscripten::val& options);
Result<Transforms> ToTransforms(const emscripten::val& options);
Result<NetworkOptions> ToNetworkOptions(const emscripten::val& options);
Result<Precision> ToPrecision(const std::string& name);
std::optional<RgbColor> ToColor(const emscripten::val& triple);

}  // namespace resnet50::js
