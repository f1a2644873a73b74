// PyTorch's file format before 1.6: a plain stream of pickles (magic number, protocol version, system, object, storage
// keys), then each storage as an int64 count of elements and its raw bytes. Knows nothing of state dicts.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "base/result.h"
#include "checkpoint/pickle.h"

namespace resnet50 {

struct LegacyStream {
  Pickle object;
  std::map<std::string_view, std::span<const uint8_t>> storages;  // by key, views of the file
};

// Whether the bytes begin with a pickle, as such a stream does.
bool BeginsWithPickle(std::span<const uint8_t> bytes);

// `bytes` must outlive the result. Errors: kCheckpointFormat, with `file_name` as the subject.
Result<LegacyStream> ReadLegacyStream(std::span<const uint8_t> bytes, std::string_view file_name);

}  // namespace resnet50
