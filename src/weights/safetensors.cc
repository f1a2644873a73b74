#include "weights/safetensors.h"

#include <yyjson.h>

#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace resnet50 {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr std::string_view kMetadataKey = "__metadata__";

struct FreeJson {
  void operator()(yyjson_doc* doc) const { yyjson_doc_free(doc); }
};

std::string_view Text(yyjson_val* value) { return {yyjson_get_str(value), yyjson_get_len(value)}; }

// Where each tensor lies in the data section: (begin, end), bytes -> index. An ordered tree, as everything here,
// because its code is there already; std::sort would bring a few kilobytes of its own for each kind of element.
using Ranges = std::multimap<std::pair<uint64_t, uint64_t>, size_t>;

class Parser {
 public:
  Parser(std::span<const uint8_t> bytes, std::string_view file_name) : bytes_(bytes), file_name_(file_name) {}

  Result<Safetensors> Parse();

 private:
  Error Fail(std::string message) const {
    return {ErrorCode::kWeightsFormat, std::string(file_name_), std::move(message)};
  }
  Error FailTensor(std::string_view tensor, std::string_view what) const {
    return Fail("tensor '" + PrintableName(tensor) + "' " + std::string(what));
  }

  Status LocateHeader();
  Status ReadMetadata(yyjson_val* object);
  Status ReadTensor(std::string_view name, yyjson_val* object);
  Status ReadShape(yyjson_val* array, SafetensorsTensor& tensor) const;
  Status CheckCoverage() const;

  std::span<const uint8_t> bytes_, header_, data_;
  std::string_view file_name_;
  Safetensors out_;
  Ranges ranges_;
  std::set<std::string, std::less<>> names_;
};

Status Parser::LocateHeader() {
  if (bytes_.size() < kLengthBytes) return Fail("is too short to be a safetensors file; fetch or export it again");
  uint64_t length = 0;
  std::memcpy(&length, bytes_.data(), kLengthBytes);
  if (length > kMaxSafetensorsHeader) return Fail("is no safetensors file: its header would be longer than 100 MB");
  if (length > bytes_.size() - kLengthBytes) return Fail("ends within its header; fetch or export it again");
  header_ = bytes_.subspan(kLengthBytes, size_t(length));
  data_ = bytes_.subspan(kLengthBytes + size_t(length));
  if (header_.empty() || header_[0] != '{') return Fail("is no safetensors file: its header does not begin with '{'");
  return {};
}

Status Parser::ReadMetadata(yyjson_val* object) {
  if (!yyjson_is_obj(object)) return Fail("has a __metadata__ that is no object");
  yyjson_obj_iter members = yyjson_obj_iter_with(object);
  while (yyjson_val* key = yyjson_obj_iter_next(&members)) {
    yyjson_val* value = yyjson_obj_iter_get_val(key);
    if (!yyjson_is_str(value)) return Fail("has a __metadata__ value that is no string: " + PrintableName(Text(key)));
    if (!out_.metadata.emplace(Text(key), Text(value)).second) {
      return Fail("has the __metadata__ key '" + PrintableName(Text(key)) + "' twice");
    }
  }
  return {};
}

Status Parser::ReadShape(yyjson_val* array, SafetensorsTensor& tensor) const {
  if (!yyjson_is_arr(array)) return FailTensor(tensor.name, "has no shape");
  yyjson_arr_iter sides = yyjson_arr_iter_with(array);
  while (yyjson_val* side = yyjson_arr_iter_next(&sides)) {
    if (!yyjson_is_uint(side) || yyjson_get_uint(side) > uint64_t(INT64_MAX)) {
      return FailTensor(tensor.name, "has a dimension that is no whole number in range");
    }
    tensor.shape.push_back(int64_t(yyjson_get_uint(side)));
  }
  return {};
}

Status Parser::ReadTensor(std::string_view name, yyjson_val* object) {
  if (!names_.insert(std::string(name)).second) return FailTensor(name, "is there twice");
  yyjson_val* type_name = yyjson_obj_get(object, "dtype");
  yyjson_val* offsets = yyjson_obj_get(object, "data_offsets");
  if (!yyjson_is_str(type_name) || !yyjson_is_arr(offsets) || yyjson_obj_size(object) != 3) {
    return FailTensor(name, "must have exactly dtype, shape and data_offsets");
  }
  const std::optional<TensorType> type = ParseTensorType(Text(type_name));
  if (!type) {
    return FailTensor(name, "has the element type '" + PrintableName(Text(type_name)) + "', which is not supported");
  }
  SafetensorsTensor tensor{std::string(name), *type, {}, {}};
  if (Status status = ReadShape(yyjson_obj_get(object, "shape"), tensor); !status) return status;

  yyjson_val* begin = yyjson_arr_get(offsets, 0);
  yyjson_val* end = yyjson_arr_get(offsets, 1);
  if (yyjson_arr_size(offsets) != 2 || !yyjson_is_uint(begin) || !yyjson_is_uint(end)) {
    return FailTensor(name, "has data_offsets that are no pair of whole numbers");
  }
  const uint64_t first = yyjson_get_uint(begin), last = yyjson_get_uint(end);
  if (first > last || last > data_.size()) return FailTensor(name, "lies outside of the file");
  const std::optional<size_t> size = ByteSize(*type, tensor.shape);
  if (!size || *size != last - first) {
    return FailTensor(name, "has " + std::to_string(last - first) + " bytes, which is not the size of " +
                                std::string(Name(*type)) + " " + ShapeText(tensor.shape));
  }
  tensor.data = data_.subspan(size_t(first), *size);
  ranges_.emplace(std::pair{first, last}, out_.tensors.size());
  out_.tensors.push_back(std::move(tensor));
  return {};
}

// No holes and no overlaps: sorted by position, each tensor begins where the one before it ended.
Status Parser::CheckCoverage() const {
  uint64_t position = 0;
  for (const auto& [range, tensor] : ranges_) {
    if (range.first != position) {
      return FailTensor(out_.tensors[tensor].name, "overlaps another or leaves a hole in the file");
    }
    position = range.second;
  }
  if (position != data_.size()) return Fail("has bytes that belong to no tensor");
  return {};
}

Result<Safetensors> Parser::Parse() {
  if (Status status = LocateHeader(); !status) return std::move(status).error();
  yyjson_read_err why{};
  // The reader writes to its input only in situ, which is not asked for here.
  char* text = const_cast<char*>(reinterpret_cast<const char*>(header_.data()));
  const std::unique_ptr<yyjson_doc, FreeJson> doc(
      yyjson_read_opts(text, header_.size(), YYJSON_READ_NOFLAG, nullptr, &why));
  if (doc == nullptr && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
    return Error{ErrorCode::kOutOfMemory, std::string(file_name_), "its header does not fit in memory"};
  }
  yyjson_val* root = doc == nullptr ? nullptr : yyjson_doc_get_root(doc.get());
  if (!yyjson_is_obj(root)) return Fail("has a header that is no JSON object; fetch or export it again");

  bool metadata_seen = false;
  yyjson_obj_iter members = yyjson_obj_iter_with(root);
  while (yyjson_val* key = yyjson_obj_iter_next(&members)) {
    const bool is_metadata = Text(key) == kMetadataKey;
    if (is_metadata && metadata_seen) return Fail("has two __metadata__ objects");
    metadata_seen |= is_metadata;
    yyjson_val* value = yyjson_obj_iter_get_val(key);
    Status status = is_metadata ? ReadMetadata(value) : ReadTensor(Text(key), value);
    if (!status) return std::move(status).error();
  }
  if (Status status = CheckCoverage(); !status) return std::move(status).error();
  return std::move(out_);
}

}  // namespace

const SafetensorsTensor* Safetensors::Find(std::string_view name) const {
  for (const SafetensorsTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Result<Safetensors> ParseSafetensors(std::span<const uint8_t> bytes, std::string_view file_name) {
  return Parser(bytes, file_name).Parse();
}

}  // namespace resnet50
