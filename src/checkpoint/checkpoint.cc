#include "checkpoint/checkpoint.h"

#include <cstring>
#include <set>
#include <utility>

#include "checkpoint/checkpoint_pickle.h"
#include "checkpoint/checkpoint_signatures.h"
#include "checkpoint/checkpoint_zip.h"
#include "checkpoint/legacy_stream.h"
#include "weights/safetensors.h"

namespace resnet50 {
namespace {

// What wrappers put before every name: DataParallel and DistributedDataParallel, torch.compile.
constexpr std::string_view kPrefixes[] = {"module.", "_orig_mod."};

Result<StateDict> ReadLegacyCheckpoint(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<LegacyStream> stream = ReadLegacyStream(bytes, file_name);
  if (!stream) return std::move(stream).error();
  const auto source = [&](const PickledStorage& storage) -> Result<std::span<const uint8_t>> {
    const auto known = stream->storages.find(storage.key);
    if (known != stream->storages.end()) return known->second;
    return Error{ErrorCode::kCheckpointFormat, std::string(file_name),
                 "lacks the storage '" + PrintableName(storage.key) + "': fetch it again"};
  };
  return StateDictFromPickle(stream->object, source, file_name);
}

Result<StateDict> ReadSafetensorsCheckpoint(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<Safetensors> parsed = ParseSafetensors(bytes, file_name);
  if (!parsed) {
    Error error = std::move(parsed).error();
    if (error.code == ErrorCode::kWeightsFormat) error.code = ErrorCode::kCheckpointFormat;
    return error;
  }
  StateDict state;
  for (SafetensorsTensor& tensor : parsed->tensors) {
    state.tensors.push_back({std::move(tensor.name), tensor.type, std::move(tensor.shape), {}, tensor.data});
  }
  return state;
}

// The header's length, then '{'.
bool BeginsAsSafetensors(std::span<const uint8_t> bytes) {
  uint64_t length = 0;
  if (bytes.size() <= sizeof(length) || bytes[sizeof(length)] != '{') return false;
  std::memcpy(&length, bytes.data(), sizeof(length));
  return length <= kMaxSafetensorsHeader;
}

Result<StateDict> ReadContainer(std::span<const uint8_t> bytes, std::string_view file_name) {
  if (BeginsAsZip(bytes)) return ReadZipCheckpoint(bytes, file_name);
  if (BeginsWithPickle(bytes)) return ReadLegacyCheckpoint(bytes, file_name);
  if (BeginsAsSafetensors(bytes)) return ReadSafetensorsCheckpoint(bytes, file_name);
  return Error{ErrorCode::kCheckpointFormat, std::string(file_name), std::string(ExplainForeignFile(bytes))};
}

std::string_view StripPrefixes(std::string_view name) {
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view prefix : kPrefixes) {
      if (!name.starts_with(prefix)) continue;
      name.remove_prefix(prefix.size());
      found = true;
    }
  }
  return name;
}

}  // namespace

const Tensor* StateDict::Find(std::string_view name) const {
  for (const Tensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Result<StateDict> ReadCheckpoint(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<StateDict> state = ReadContainer(bytes, file_name);
  if (!state) return state;
  std::set<std::string_view> names;
  for (Tensor& tensor : state->tensors) {
    tensor.name = std::string(StripPrefixes(tensor.name));
    if (!names.insert(tensor.name).second) {
      return Error{ErrorCode::kCheckpointFormat, std::string(file_name),
                   "holds tensor '" + PrintableName(tensor.name) + "' twice, with and without a wrapper's prefix"};
    }
  }
  return state;
}

}  // namespace resnet50
