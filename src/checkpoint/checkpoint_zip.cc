#include "checkpoint/checkpoint_zip.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/checkpoint_pickle.h"
#include "checkpoint/pickle.h"
#include "checkpoint/zip_archive.h"

namespace resnet50 {
namespace {

constexpr std::string_view kPickleName = "data.pkl";

// Entries that tell other programs' archives, by the end of their name.
struct Foreign {
  std::string_view suffix, explanation;
};

constexpr Foreign kForeign[] = {
    {"constants.pkl",
     "is a TorchScript archive: load it with torch.jit.load and save the weights with "
     "torch.save(model.state_dict(), path)"},
    {"models/model.json", "is a torch.export archive: save the weights with torch.save(model.state_dict(), path)"},
    {"model.weights.h5", "is a Keras archive, not a PyTorch checkpoint"},
    {".npy", "is a NumPy archive, not a PyTorch checkpoint"},
};

Error Fail(std::string_view file_name, std::string_view message) {
  return {ErrorCode::kCheckpointFormat, std::string(file_name), std::string(message)};
}

// "archive/" of "archive/data.pkl". Errors where there is none, or the archive is another program's.
Result<std::string> FindPrefix(const ZipArchive& archive, std::string_view file_name) {
  const std::string* pickle = nullptr;
  for (const auto& [name, entry] : archive.entries()) {
    for (const Foreign& row : kForeign) {
      if (name.ends_with(row.suffix)) return Fail(file_name, row.explanation);
    }
    if (!name.ends_with(kPickleName)) continue;
    const size_t length = name.size() - kPickleName.size();
    if (length > 0 && name[length - 1] != '/') continue;
    if (pickle != nullptr) return Fail(file_name, "is a zip archive with two data.pkl: give one checkpoint");
    pickle = &name;
  }
  if (pickle == nullptr) {
    return Fail(file_name,
                "is a zip archive without data.pkl, so torch.save did not write it; if a checkpoint is in it, "
                "unpack it first");
  }
  return pickle->substr(0, pickle->size() - kPickleName.size());
}

Status CheckByteOrder(ZipArchive& archive, const std::string& prefix, std::string_view file_name) {
  const std::string name = prefix + "byteorder";
  if (!archive.Has(name)) return {};
  Result<std::span<const uint8_t>> order = archive.Read(name);
  if (!order) return std::move(order).error();
  if (std::string_view(reinterpret_cast<const char*>(order->data()), order->size()) != "little") {
    return Fail(file_name, "was written on a big-endian machine: load and save it again with torch on another");
  }
  return {};
}

class ZipContents : public CheckpointReader::Contents {
 public:
  ZipContents(ZipArchive archive, Pickle pickle, std::string folder, std::string_view file_name)
      : archive_(std::move(archive)), pickle_(std::move(pickle)), folder_(std::move(folder)), file_name_(file_name) {}

  Status List() { return ListTensors(pickle_, file_name_, entries); }

  Result<Tensor> Read(const TensorEntry& entry) override {
    // Tensors may share a storage: its CRC is checked, and it is unpacked, once.
    const auto source = [&](const PickledStorage& storage) -> Result<std::span<const uint8_t>> {
      const auto known = storages_.find(storage.key);
      if (known != storages_.end()) return known->second;
      Result<std::span<const uint8_t>> bytes = archive_.Read(folder_ + std::string(storage.key));
      if (bytes) storages_.emplace(storage.key, bytes.value());
      return bytes;
    };
    return LayTensor(pickle_, entry, source, file_name_);
  }

  std::vector<OwnedBytes> TakeBuffers() override { return archive_.TakeBuffers(); }

 private:
  ZipArchive archive_;
  Pickle pickle_;
  std::string folder_, file_name_;
  std::map<std::string_view, std::span<const uint8_t>> storages_;
};

}  // namespace

bool BeginsAsZip(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && bytes[0] == 'P' && bytes[1] == 'K' &&
         ((bytes[2] == 3 && bytes[3] == 4) || (bytes[2] == 5 && bytes[3] == 6));
}

Result<std::unique_ptr<CheckpointReader::Contents>> OpenZipCheckpoint(std::span<const uint8_t> bytes,
                                                                      std::string_view file_name) {
  Result<ZipArchive> archive = ZipArchive::Open(bytes, file_name);
  if (!archive) return std::move(archive).error();
  Result<std::string> prefix = FindPrefix(archive.value(), file_name);
  if (!prefix) return std::move(prefix).error();
  if (Status status = CheckByteOrder(archive.value(), prefix.value(), file_name); !status) {
    return std::move(status).error();
  }
  Result<std::span<const uint8_t>> text = archive->Read(prefix.value() + std::string(kPickleName));
  if (!text) return std::move(text).error();
  Result<Pickle> pickle = ReadPickle(text.value(), file_name);
  if (!pickle) return std::move(pickle).error();
  auto contents = std::make_unique<ZipContents>(std::move(archive).value(), std::move(pickle).value(),
                                                prefix.value() + "data/", file_name);
  if (Status status = contents->List(); !status) return std::move(status).error();
  return std::unique_ptr<CheckpointReader::Contents>(std::move(contents));
}

}  // namespace resnet50
