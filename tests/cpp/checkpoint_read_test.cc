// State dicts that PyTorch 1.13 saved (tests/data/make/make_checkpoint_files.py) are read as torch.load reads them,
// tensor by tensor and bit by bit.
#include "checkpoint/checkpoint.h"
#include "checkpoint_test_files.h"
#include "checkpoint_text.h"

namespace resnet50 {
namespace {

class Saved : public testing::TestWithParam<std::string> {};

TEST_P(Saved, IsReadAsTorchReadsIt) {
  const std::vector<uint8_t> file = CheckpointFile(GetParam());
  const Result<StateDict> state = ReadStateDict(file, GetParam());
  ASSERT_TRUE(state) << state.error().message;
  const std::vector<uint8_t> expected = CheckpointFile(GetParam().substr(0, GetParam().size() - 4) + ".txt");
  EXPECT_EQ(Describe(state.value()), std::string(expected.begin(), expected.end()));
}

// Every checkpoint with an expectation beside it.
std::vector<std::string> FilesWithExpectation() {
  std::vector<std::string> names = CheckpointFiles("", ".txt");
  for (std::string& name : names) name.replace(name.size() - 4, 4, ".pth");
  return names;
}

INSTANTIATE_TEST_SUITE_P(Checkpoint, Saved, testing::ValuesIn(FilesWithExpectation()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(Checkpoint, ExpectationsAreThere) { EXPECT_EQ(FilesWithExpectation().size(), 21u); }

TEST(Checkpoint, ViewsTheFileWhereItCan) {
  for (const char* name : {"strided.zip.pth", "strided.stream.pth"}) {
    const std::vector<uint8_t> file = CheckpointFile(name);
    const Result<StateDict> state = ReadStateDict(file, name);
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_TRUE(state->buffers.empty());
    for (const Tensor& tensor : state->tensors) {
      EXPECT_GE(tensor.bytes.data(), file.data()) << tensor.name;
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), file.data() + file.size()) << tensor.name;
    }
    EXPECT_EQ(state->Find("whole")->bytes.data(), state->Find("alias")->bytes.data()) << "one storage for both";
    EXPECT_TRUE(state->Find("row")->strides.empty()) << "dense, though at an offset";
    EXPECT_TRUE(state->Find("ones")->strides.empty()) << "dimensions of one are never stepped over";
    EXPECT_FALSE(state->Find("transposed")->strides.empty());
    EXPECT_EQ(state->Find("nobody"), nullptr);
  }
}

TEST(Checkpoint, OwnsWhatItUnpacks) {
  const std::vector<uint8_t> file = CheckpointFile("deflated.zip.pth");
  Result<StateDict> state = ReadStateDict(file, "deflated");
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_FALSE(state->buffers.empty());
  const std::string before = Describe(state.value());
  const StateDict moved = std::move(state).value();
  EXPECT_EQ(Describe(moved), before);
}

TEST(Checkpoint, ReadsSafetensors) {
  const std::vector<uint8_t> file = CheckpointFile("good_unaligned.safetensors");
  const Result<StateDict> state = ReadStateDict(file, "unaligned");
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(ToFloat(*state->Find("f")).value(), (std::vector<float>{1, -2, 0.5f, 3e38f}));
  EXPECT_EQ(ToFloat(*state->Find("b")).value(), (std::vector<float>{-1, 0, 127}));
  EXPECT_EQ(ToFloat(*state->Find("i")).value(), std::vector<float>{-7});
}

}  // namespace
}  // namespace resnet50
