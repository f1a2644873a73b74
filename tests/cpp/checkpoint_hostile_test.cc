// Files that ask to run code, are damaged, foreign or cut short: each ends in a typed error that names what is wrong.
#include <map>

#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"
#include "checkpoint_test_files.h"
#include "checkpoint_text.h"

namespace resnet50 {
namespace {

std::string Refusal(std::span<const uint8_t> bytes) {
  const Result<StateDict> state = ReadStateDict(bytes, "file.pth");
  if (state) return "read";
  EXPECT_EQ(state.error().code, ErrorCode::kCheckpointFormat);
  EXPECT_EQ(state.error().subject, "file.pth");
  return state.error().message;
}

TEST(HostileCheckpoint, IsRefusedByName) {
  const std::map<std::string, std::string> reasons{
      {"hostile_system", "names 'posix.system': it is refused as it asks to run code"},
      {"hostile_eval", "names 'builtins.eval': it is refused as it asks to run code"},
      {"hostile_getattr", "holds an object of class 'getattr' and no dict of tensors"},
      {"hostile_dotted", "holds an object of class '_rebuild_tensor_v2.__globals__' and no dict of tensors"},
      {"hostile_module", "holds an object of class 'Linear' and no dict of tensors"},
      {"hostile_from_bytes", "tensor 'w' is a tensor that pickle.dump wrote"},
      {"hostile_inst", "opcode 0x69"},
      {"hostile_dict_call", "call of something that is no function"},
      {"torchscript", "TorchScript"},
      {"quantized", "a quantized tensor"},
      {"twice", "entry 'archive/data/0' is there twice"},
      {"big_endian", "big-endian"},
  };
  for (const auto& [name, reason] : reasons) {
    const std::string message = Refusal(ExactBytes(CheckpointFile(name + ".zip.pth")));
    EXPECT_NE(message.find(reason), std::string::npos) << name << ": " << message;
  }
  EXPECT_NE(Refusal(CheckpointFile("whole_model.stream.pth")), "read") << "a class without tensors";
  for (const std::string& name : CheckpointFiles("hostile_", ".pickle")) {
    EXPECT_NE(Refusal(ExactBytes(CheckpointFile(name))), "read") << name;
  }
}

TEST(HostileCheckpoint, ForeignFilesAreNamed) {
  using std::string_literals::operator""s;
  const std::vector<std::pair<std::string, std::string>> files{
      {"", "empty"},
      {"\x89HDF\r\n\x1a\n......"s, "HDF5"},
      {std::string(257, 'x') + "ustar\0"s, "tar"},
      {"\x1c\0\0\0TFL3...."s, "TensorFlow Lite"},
      {"\x08\x07\x12\x07pytorch"s, "ONNX"},
      {"\x93NUMPY\1\0"s, "NumPy"},
      {"\x1f\x8b\x08"s, "gzip"},
      {"\xfd\x37zXZ\0\0"s, "xz"},
      {"version https://git-lfs.github.com/spec/v1\n"s, "git lfs pull"},
      {"<!DOCTYPE html>"s, "web page"},
      {"{\"a\": 1}"s, "JSON"},
      {"whatever it is"s, "torch.save(model.state_dict(), path)"},
      {"PK\3\4 and no more"s, "directory"},
  };
  for (const auto& [text, reason] : files) {
    const ExactBytes bytes{std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size())};
    const std::string message = Refusal(bytes);
    EXPECT_NE(message.find(reason), std::string::npos) << message;
  }
}

// Also the safetensors rules give a checkpoint's error here.
TEST(HostileCheckpoint, BrokenSafetensorsAreRefused) {
  for (const std::string& name : CheckpointFiles("bad_", ".safetensors")) {
    EXPECT_NE(Refusal(ExactBytes(CheckpointFile(name))), "read") << name;
  }
}

std::vector<std::string> GoodFiles() {
  std::vector<std::string> names = CheckpointFiles("", ".txt");
  for (std::string& name : names) name.replace(name.size() - 4, 4, ".pth");
  return names;
}

// Except for PyTorch's zips without their last 22 bytes: the zip64 records before them say the same, nothing is lost.
TEST(HostileCheckpoint, EveryTruncationIsRefused) {
  for (const std::string& name : GoodFiles()) {
    const std::vector<uint8_t> file = CheckpointFile(name);
    const std::string original = Describe(ReadStateDict(file, name).value());
    for (size_t size = 0; size < file.size(); ++size) {
      const ExactBytes bytes{std::span<const uint8_t>(file).first(size)};
      const Result<StateDict> state = ReadStateDict(bytes, name);
      if (!state) continue;
      EXPECT_TRUE(name.ends_with(".zip.pth")) << name << " cut to " << size;
      EXPECT_GE(size + 22, file.size()) << name;
      EXPECT_EQ(Describe(state.value()), original) << name << " cut to " << size;
    }
  }
}

// A zip's checksums protect all that counts: a flipped bit is found, or changes nothing. (A name inside of data.pkl is
// protected by that entry's checksum.) Plain streams have none: there it must only do no harm.
TEST(HostileCheckpoint, BitFlipsDoNoHarm) {
  size_t refused = 0, flips = 0;
  for (const std::string& name : GoodFiles()) {
    const std::vector<uint8_t> file = CheckpointFile(name);
    const std::string original = Describe(ReadStateDict(file, name).value());
    const bool is_zip = name.find(".zip.") != std::string::npos;
    uint32_t random = 2463534242;
    for (int i = 0; i < 400; ++i, ++flips) {
      random ^= random << 13;
      random ^= random >> 17;
      random ^= random << 5;
      const size_t bit = random % (8 * file.size());
      ExactBytes bytes(file);
      bytes[bit / 8] ^= uint8_t(1u << (bit % 8));
      const Result<StateDict> state = ReadStateDict(bytes, name);
      refused += !state;
      if (!state) continue;
      const std::string text = Describe(state.value());
      if (is_zip) {
        EXPECT_EQ(text, original) << name << " bit " << bit;
      }
    }
  }
  EXPECT_GT(refused, flips / 4);
  EXPECT_LT(refused, flips);
}

}  // namespace
}  // namespace resnet50
