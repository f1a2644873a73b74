#include "checkpoint/checkpoint_signatures.h"

#include <cstddef>

namespace resnet50 {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  size_t offset;  // bytes
  std::string_view bytes;
  std::string_view explanation;
};

constexpr Signature kSignatures[] = {
    {0, "\x89HDF\r\n\x1a\n"sv, "is an HDF5 file (Keras weights), not a PyTorch checkpoint"},
    {257, "ustar"sv,
     "is a tar archive; if it is a checkpoint of PyTorch before 0.1.10, load it with torch.load and save it again"},
    {4, "TFL3"sv, "is a TensorFlow Lite model, not a PyTorch checkpoint"},
    {0, "GGUF"sv, "is a GGUF model, not a PyTorch checkpoint"},
    {0, "\x93NUMPY"sv, "is a NumPy array, not a state dict"},
    {0, "\x1f\x8b"sv, "is compressed with gzip: unpack it first"},
    {0, "\xfd\x37zXZ\0"sv, "is compressed with xz: unpack it first"},
    {0, "\x28\xb5\x2f\xfd"sv, "is compressed with Zstandard: unpack it first"},
    {0, "BZh"sv, "is compressed with bzip2: unpack it first"},
    {0, "version https://git-lfs"sv, "is a Git LFS pointer, not the file itself: fetch it with git lfs pull"},
    {0, "<"sv, "is a web page or XML: the download gave an answer other than the file"},
    {0, "{"sv, "is JSON text, not a checkpoint"},
};

// ONNX has no signature. Its first field is ir_version (tag 0x08, a small number), its second the producer's name.
bool IsOnnx(std::string_view text) {
  return text.size() > 3 && text[0] == 0x08 && text[1] >= 1 && text[1] < 32 && text[2] == 0x12;
}

constexpr std::string_view kOnnx = "is an ONNX model: give the PyTorch state dict that it was exported from";
constexpr std::string_view kUnknown =
    "is no checkpoint that this reader knows: give a state dict saved by torch.save(model.state_dict(), path), or a "
    ".safetensors file";

}  // namespace

std::string_view ExplainForeignFile(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return "is empty";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (IsOnnx(text)) return kOnnx;
  for (const Signature& row : kSignatures) {
    if (text.size() > row.offset && text.substr(row.offset).starts_with(row.bytes)) return row.explanation;
  }
  return kUnknown;
}

}  // namespace resnet50
