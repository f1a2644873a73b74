#include "weights/safetensors_writer.h"

#include <cstring>
#include <new>
#include <optional>
#include <set>
#include <string_view>

#include "weights/safetensors.h"

namespace resnet50 {
namespace {

constexpr size_t kLengthBytes = 8;

Error Refuse(std::string_view subject, std::string message) {
  return {ErrorCode::kInvalidArgument, std::string(subject), std::move(message)};
}

// Length of the UTF-8 sequence at the front of `text`, 0 where it is none (RFC 3629: shortest form, no surrogates).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return uint8_t(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // The first continuation byte settles overlong forms, surrogates and code points over U+10FFFF.
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void AppendString(std::string_view text, std::string& json) {
  constexpr char kHex[] = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (uint8_t(c) < 0x20) {
      json += "\\u00";
      json += kHex[uint8_t(c) >> 4];
      json += kHex[uint8_t(c) & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

Status AppendMetadata(const SafetensorsMetadata& metadata, std::string& json) {
  std::set<std::string_view> keys;
  json += "\"__metadata__\":{";
  for (const auto& [key, value] : metadata) {
    if (!IsUtf8(key) || !IsUtf8(value)) return Refuse(key, "metadata is not UTF-8");
    if (!keys.insert(key).second) return Refuse(key, "a metadata key is there twice");
    if (keys.size() > 1) json += ',';
    AppendString(key, json);
    json += ':';
    AppendString(value, json);
  }
  json += '}';
  return {};
}

void AppendTensor(const TensorToWrite& tensor, size_t begin, std::string& json) {
  AppendString(tensor.name, json);
  json += ":{\"dtype\":\"";
  json += Name(tensor.type);
  json += "\",\"shape\":[";
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (i > 0) json += ',';
    json += std::to_string(tensor.shape[i]);
  }
  json += "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(begin + tensor.data.size()) + "]}";
}

Status CheckTensor(const TensorToWrite& tensor) {
  if (tensor.name == "__metadata__") return Refuse(tensor.name, "the format keeps this name for itself");
  if (!IsUtf8(tensor.name)) return Refuse(tensor.name, "the name is not UTF-8");
  if (ByteSize(tensor.type, tensor.shape) != std::optional<size_t>(tensor.data.size())) {
    return Refuse(tensor.name, "has " + std::to_string(tensor.data.size()) + " bytes, which is not the size of " +
                                   std::string(Name(tensor.type)) + " " + ShapeText(tensor.shape));
  }
  return {};
}

// Appends the members of all tensors; returns the size of the data section, bytes.
Result<size_t> AppendTensors(std::span<const TensorToWrite> tensors, std::string& json) {
  std::set<std::string_view> names;
  size_t position = 0;
  for (const TensorToWrite& tensor : tensors) {
    if (Status status = CheckTensor(tensor); !status) return std::move(status).error();
    if (!names.insert(tensor.name).second) return Refuse(tensor.name, "a tensor of this name is there already");
    if (json.size() > 1) json += ',';
    AppendTensor(tensor, position, json);
    if (__builtin_add_overflow(position, tensor.data.size(), &position)) {
      return Error{ErrorCode::kOutOfMemory, tensor.name, "the file would not fit in memory"};
    }
  }
  return position;
}

}  // namespace

Result<std::vector<uint8_t>> WriteSafetensors(std::span<const TensorToWrite> tensors,
                                              const SafetensorsMetadata& metadata) {
  std::string json = "{";
  if (!metadata.empty()) {
    if (Status status = AppendMetadata(metadata, json); !status) return std::move(status).error();
  }
  Result<size_t> data_size = AppendTensors(tensors, json);
  if (!data_size) return std::move(data_size).error();
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  if (json.size() > kMaxSafetensorsHeader) return Refuse("header", "would be longer than 100 MB");

  size_t size = 0;
  if (__builtin_add_overflow(kLengthBytes + json.size(), data_size.value(), &size)) {
    return Error{ErrorCode::kOutOfMemory, "safetensors", "the file would not fit in memory"};
  }
  std::vector<uint8_t> file;
  file.reserve(size);
  const uint64_t length = json.size();
  file.resize(kLengthBytes);
  std::memcpy(file.data(), &length, kLengthBytes);
  file.insert(file.end(), json.begin(), json.end());
  for (const TensorToWrite& tensor : tensors) file.insert(file.end(), tensor.data.begin(), tensor.data.end());
  return file;
}

}  // namespace resnet50
