#include "checkpoint/legacy_stream.h"

#include <cstring>
#include <string>
#include <utility>

namespace resnet50 {
namespace {

using std::string_view_literals::operator""sv;

// 0x1950a86a20f9469cfc6c, little-endian.
constexpr std::string_view kMagicNumber = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
constexpr int64_t kProtocolVersion = 1001;

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, std::string_view file_name) : rest_(bytes), file_name_(file_name) {}

  Result<LegacyStream> Read();

 private:
  Error Fail(std::string_view message) const {
    return {ErrorCode::kCheckpointFormat, std::string(file_name_), std::string(message)};
  }
  Result<Pickle> Next();
  Status ReadPreamble();
  Status ReadTypes(const Pickle& object);
  Status ReadStorage(std::string_view key, LegacyStream& stream);

  std::span<const uint8_t> rest_;
  std::string_view file_name_;
  std::map<std::string_view, TensorType> types_;  // of the storages, by key
};

Result<Pickle> Reader::Next() {
  Result<Pickle> pickle = ReadPickle(rest_, file_name_);
  if (pickle) rest_ = rest_.subspan(pickle->size);
  return pickle;
}

Status Reader::ReadPreamble() {
  Result<Pickle> magic = Next();
  if (!magic) return std::move(magic).error();
  if (magic->Root().kind != PickleKind::kLong || magic->Root().text != kMagicNumber) {
    return Fail(
        "is a pickle that torch.save did not write: save the weights with torch.save(model.state_dict(), path)");
  }
  Result<Pickle> version = Next();
  if (!version) return std::move(version).error();
  if (version->Root().kind != PickleKind::kInt || version->Root().integer != kProtocolVersion) {
    return Fail("has another version of PyTorch's stream format than 1001: load and save it again with torch");
  }
  Result<Pickle> system = Next();
  if (!system) return std::move(system).error();
  const std::vector<PickleRef>& items = system->Root().items;
  for (size_t i = 0; system->Root().kind == PickleKind::kDict && i + 1 < items.size(); i += 2) {
    const PickleValue& value = system.value()[items[i + 1]];
    if (system.value()[items[i]].text == "little_endian" && value.kind == PickleKind::kBool && value.integer == 0) {
      return Fail("was written on a big-endian machine: load and save it again with torch on another");
    }
  }
  return {};
}

Status Reader::ReadTypes(const Pickle& object) {
  for (const PickledStorage& storage : object.storages) {
    if (types_.emplace(storage.key, storage.type).first->second != storage.type) {
      return Fail("refers to one storage with two element types");
    }
  }
  return {};
}

Status Reader::ReadStorage(std::string_view key, LegacyStream& stream) {
  const auto type = types_.find(key);
  if (type == types_.end()) return Fail("holds a storage that no tensor refers to");
  int64_t elements = 0;
  if (rest_.size() < sizeof(elements)) return Fail("ends within its tensors: fetch it again");
  std::memcpy(&elements, rest_.data(), sizeof(elements));
  rest_ = rest_.subspan(sizeof(elements));
  const size_t width = ElementSize(type->second);
  if (elements < 0 || uint64_t(elements) > rest_.size() / width) return Fail("ends within its tensors: fetch it again");
  if (!stream.storages.emplace(key, rest_.first(size_t(elements) * width)).second) {
    return Fail("holds one storage twice");
  }
  rest_ = rest_.subspan(size_t(elements) * width);
  return {};
}

Result<LegacyStream> Reader::Read() {
  if (Status status = ReadPreamble(); !status) return std::move(status).error();
  Result<Pickle> object = Next();
  if (!object) return std::move(object).error();
  if (Status status = ReadTypes(object.value()); !status) return std::move(status).error();
  LegacyStream stream{std::move(object).value(), {}};
  Result<Pickle> keys = Next();
  if (!keys) return std::move(keys).error();
  if (keys->Root().kind != PickleKind::kList) return Fail("has no list of storages");
  for (const PickleRef ref : keys->Root().items) {
    const PickleValue& key = keys.value()[ref];
    if (key.kind != PickleKind::kString) return Fail("has no list of storages");
    if (Status status = ReadStorage(key.text, stream); !status) return std::move(status).error();
  }
  if (!rest_.empty()) return Fail("has bytes after its last tensor");
  return stream;
}

}  // namespace

bool BeginsWithPickle(std::span<const uint8_t> bytes) {
  return bytes.size() > 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5;
}

Result<LegacyStream> ReadLegacyStream(std::span<const uint8_t> bytes, std::string_view file_name) {
  return Reader(bytes, file_name).Read();
}

}  // namespace resnet50
