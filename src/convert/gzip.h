// Shards as browsers decode them on their own: gzip. Ours, not the host's, so that the same shard gives the same bytes
// everywhere. Knows bytes only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace resnet50 {

// A gzip file of `bytes` without name or date, as small as zlib makes it. Errors: kOutOfMemory.
Result<std::vector<uint8_t>> Gzip(std::span<const uint8_t> bytes);

}  // namespace resnet50
