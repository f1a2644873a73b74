// What CheckAgainst says of state dicts that do not fit, and the real checkpoint in both formats.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "checkpoint/checkpoint.h"
#include "checkpoint_test_files.h"
#include "checkpoint_text.h"
#include "network/topology.h"

namespace resnet50 {
namespace {

const std::vector<ExpectedTensor>& ModuleTable() {
  static const std::vector<ExpectedTensor> table{
      {"conv1.weight", {3, 2, 3, 3}}, {"bn1.weight", {3}},      {"bn1.bias", {3}},
      {"bn1.running_mean", {3}},      {"bn1.running_var", {3}}, {"bn1.num_batches_tracked", {}},
      {"fc.weight", {2, 3}},          {"fc.bias", {2}},
  };
  return table;
}

class Check : public testing::Test {
 protected:
  void SetUp() override {
    file_ = CheckpointFile("module.zip.pth");
    Result<StateDict> state = ReadStateDict(file_, "module.pth");
    ASSERT_TRUE(state) << state.error().message;
    state_ = std::move(state).value();
  }

  std::string Message(std::vector<ExpectedTensor> table) const {
    const Status status = CheckAgainst(state_, table, "module.pth");
    if (status) return "fits";
    EXPECT_EQ(status.error().code, ErrorCode::kCheckpointMismatch);
    EXPECT_EQ(status.error().subject, "module.pth");
    return status.error().message;
  }

  std::vector<uint8_t> file_;
  StateDict state_;
};

TEST_F(Check, AcceptsWhatFits) {
  EXPECT_EQ(Message(ModuleTable()), "fits");
  // torch: sum(p.numel() for p in model.parameters())
  EXPECT_EQ(CountParameters(state_), 3 * 2 * 3 * 3 + 3 + 3 + 2 * 3 + 2);
  std::erase_if(state_.tensors, [](const Tensor& tensor) { return tensor.name == "bn1.num_batches_tracked"; });
  EXPECT_EQ(Message(ModuleTable()), "fits") << "PyTorch before 0.4.1 had no counters";
  state_.tensors.push_back({"n_averaged", TensorType::kI64, {}, {}, {}});
  EXPECT_EQ(Message(ModuleTable()), "fits") << "torch.optim.swa_utils.AveragedModel";
}

TEST_F(Check, NamesWhatDoesNot) {
  std::vector<ExpectedTensor> table = ModuleTable();
  table[6].shape = {2, 4};
  table.erase(table.begin());
  for (const char* name : {"a", "b", "c", "d"}) table.push_back({name, {1}});
  EXPECT_EQ(
      Message(table),
      "does not fit the network: of its tensors 4 missing (a, b, c, ...), 1 unexpected (conv1.weight), 1 misshaped "
      "(fc.weight is [2, 3] instead of [2, 4]); it has 68 parameters");
  state_.tensors[0].type = TensorType::kI8;
  EXPECT_NE(Message(ModuleTable()).find("1 not of floating-point type (conv1.weight is I8)"), std::string::npos);
}

#ifndef __EMSCRIPTEN__
// Unpacks CHECKPOINT.xz of the test material into memory; empty where that fails.
std::vector<uint8_t> Unpack(const std::filesystem::path& packed) {
  std::vector<uint8_t> bytes;
  std::FILE* pipe = popen(("xz -dc '" + packed.string() + "'").c_str(), "r");
  if (pipe == nullptr) return bytes;
  std::vector<uint8_t> block(size_t{1} << 20);
  for (size_t count; (count = std::fread(block.data(), 1, block.size(), pipe)) > 0;) {
    bytes.insert(bytes.end(), block.begin(), block.begin() + ptrdiff_t(count));
  }
  if (pclose(pipe) != 0) bytes.clear();
  return bytes;
}

std::vector<ExpectedTensor> ResNet50Table() {
  std::vector<ExpectedTensor> table;
  for (const ParameterSpec& spec : ResNet50Parameters(1000)) table.push_back({spec.name, spec.shape});
  return table;
}

TEST(RealCheckpoint, IsTheSameInBothFormats) {
  const char* material = std::getenv("RESNET50_TEST_MATERIAL");
  if (material == nullptr) GTEST_SKIP() << "RESNET50_TEST_MATERIAL is not set: no real checkpoint to read";
  const std::filesystem::path folder = std::filesystem::path(material) / "checkpoints";
  const std::vector<uint8_t> zip = Unpack(folder / "resnet50-pqf-large-7218.pth.xz");
  const std::vector<uint8_t> flat = Unpack(folder / "resnet50-pqf-large-7218.safetensors.xz");
  ASSERT_EQ(zip.size(), 102'540'449u);
  const Result<StateDict> a = ReadStateDict(zip, "pqf.pth"), b = ReadStateDict(flat, "pqf.safetensors");
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_EQ(a->tensors.size(), 320u);
  EXPECT_EQ(b->tensors.size(), 320u);
  EXPECT_TRUE(a->buffers.empty()) << "stored entries are viewed in place";
  EXPECT_EQ(CountParameters(a.value()), 25'557'032);
  for (const StateDict* state : {&a.value(), &b.value()}) {
    const Status fits = CheckAgainst(*state, ResNet50Table(), "pqf");
    EXPECT_TRUE(fits) << fits.error().message;
  }
  for (const Tensor& tensor : a->tensors) {
    const Tensor* twin = b->Find(tensor.name);
    ASSERT_NE(twin, nullptr) << tensor.name;
    EXPECT_EQ(tensor.type, twin->type) << tensor.name;
    EXPECT_EQ(tensor.shape, twin->shape) << tensor.name;
    const std::vector<float> x = ToFloat(tensor).value(), y = ToFloat(*twin).value();
    ASSERT_EQ(x.size(), y.size()) << tensor.name;
    EXPECT_EQ(std::memcmp(x.data(), y.data(), x.size() * sizeof(float)), 0) << tensor.name;
  }
}
#endif

}  // namespace
}  // namespace resnet50
