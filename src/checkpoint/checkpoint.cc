#include "checkpoint/checkpoint.h"

#include <cstring>
#include <utility>

#include "checkpoint/checkpoint_pickle.h"
#include "checkpoint/checkpoint_signatures.h"
#include "checkpoint/checkpoint_zip.h"
#include "checkpoint/legacy_stream.h"
#include "weights/safetensors.h"

namespace resnet50 {
namespace {

using Contents = CheckpointReader::Contents;

class StreamContents : public Contents {
 public:
  StreamContents(LegacyStream stream, std::string_view file_name) : stream_(std::move(stream)), file_name_(file_name) {}

  Status List() { return ListTensors(stream_.object, file_name_, entries); }

  Result<Tensor> Read(const TensorEntry& entry) override {
    const auto source = [&](const PickledStorage& storage) -> Result<std::span<const uint8_t>> {
      const auto known = stream_.storages.find(storage.key);
      if (known != stream_.storages.end()) return known->second;
      return Error{ErrorCode::kCheckpointFormat, file_name_,
                   "lacks the storage '" + PrintableName(storage.key) + "': fetch it again"};
    };
    return LayTensor(stream_.object, entry, source, file_name_);
  }

 private:
  LegacyStream stream_;
  std::string file_name_;
};

class SafetensorsContents : public Contents {
 public:
  explicit SafetensorsContents(Safetensors file) : file_(std::move(file)) {
    for (size_t i = 0; i < file_.tensors.size(); ++i) {
      const SafetensorsTensor& tensor = file_.tensors[i];
      if (tensor.name.size() <= kMaxTensorName) entries.push_back({tensor.name, 0, tensor.type, tensor.shape, {}, i});
    }
  }

  Result<Tensor> Read(const TensorEntry& entry) override {
    const SafetensorsTensor& tensor = file_.tensors[entry.handle];
    return Tensor{tensor.name, tensor.type, tensor.shape, {}, tensor.data};
  }

 private:
  Safetensors file_;
};

Result<std::unique_ptr<Contents>> OpenStream(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<LegacyStream> stream = ReadLegacyStream(bytes, file_name);
  if (!stream) return std::move(stream).error();
  auto contents = std::make_unique<StreamContents>(std::move(stream).value(), file_name);
  if (Status status = contents->List(); !status) return std::move(status).error();
  return std::unique_ptr<Contents>(std::move(contents));
}

Result<std::unique_ptr<Contents>> OpenSafetensors(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<Safetensors> parsed = ParseSafetensors(bytes, file_name);
  if (parsed) return std::unique_ptr<Contents>(std::make_unique<SafetensorsContents>(std::move(parsed).value()));
  Error error = std::move(parsed).error();
  if (error.code == ErrorCode::kWeightsFormat) error.code = ErrorCode::kCheckpointFormat;
  return error;
}

// The header's length, then '{'.
bool BeginsAsSafetensors(std::span<const uint8_t> bytes) {
  uint64_t length = 0;
  if (bytes.size() <= sizeof(length) || bytes[sizeof(length)] != '{') return false;
  std::memcpy(&length, bytes.data(), sizeof(length));
  return length <= kMaxSafetensorsHeader;
}

Result<std::unique_ptr<Contents>> OpenContainer(std::span<const uint8_t> bytes, std::string_view file_name) {
  if (BeginsAsZip(bytes)) return OpenZipCheckpoint(bytes, file_name);
  // Before pickles: the length of a header can look like a pickle's first bytes. No pickle has '{' where safetensors
  // do.
  if (BeginsAsSafetensors(bytes)) return OpenSafetensors(bytes, file_name);
  if (BeginsWithPickle(bytes)) return OpenStream(bytes, file_name);
  return Error{ErrorCode::kCheckpointFormat, std::string(file_name), std::string(ExplainForeignFile(bytes))};
}

}  // namespace

const Tensor* StateDict::Find(std::string_view name) const {
  for (const Tensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Result<CheckpointReader> CheckpointReader::Open(std::span<const uint8_t> bytes, std::string_view file_name) {
  Result<std::unique_ptr<Contents>> contents = OpenContainer(bytes, file_name);
  if (!contents) return std::move(contents).error();
  if (contents.value()->entries.empty()) {
    return Error{ErrorCode::kCheckpointFormat, std::string(file_name),
                 "holds no tensors: save the weights with torch.save(model.state_dict(), path)"};
  }
  return CheckpointReader(std::move(contents).value());
}

}  // namespace resnet50
