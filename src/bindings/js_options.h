// Option objects of web/core/types.ts -> the core's structs. The TypeScript side has checked types; the rooms that use
// the values check their ranges.
#pragma once

#include <emscripten/val.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "image/decode.h"
#include "image/transform.h"
#include "inference/picture.h"
#include "inference/session.h"
#include "network/network.h"

namespace resnet50::js {

// The block of wasm memory at input.pointer, which `allocate` gave: freed by whoever holds the buffer.
PixelBuffer AdoptBlock(const emscripten::val& input, size_t bytes);
// CorePicture and CorePictureSettings; the picture's block is freed, whatever comes of it. Errors: kInvalidArgument,
// those of the core's OpenPicture.
Result<Picture> OpenPicture(const emscripten::val& input, const emscripten::val& settings);
// CorePick; `allowed` stays the caller's.
ClassChoice ToClassChoice(const emscripten::val& pick, size_t classes);
DecodeOptions ToDecodeOptions(const emscripten::val& options);
Result<Transforms> ToTransforms(const emscripten::val& options);
Result<NetworkOptions> ToNetworkOptions(const emscripten::val& options);
Result<Precision> ToPrecision(const std::string& name);
std::optional<RgbColor> ToColor(const emscripten::val& triple);

}  // namespace resnet50::js
