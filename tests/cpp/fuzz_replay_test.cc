// What the fuzzers have found, and where they begin, through the same functions: a finding stays fixed. Sanitizers and
// the promises in tests/fuzz/ fail the test by ending it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "targets.h"

namespace resnet50 {
namespace {

using Target = void (*)(fuzz::Bytes);
struct Row {
  const char* name;
  Target run;
  const char* seeds;  // folder of tests/data whose files are run too
};
constexpr Row kRows[] = {{"decode", fuzz::FuzzDecode, "image"},
                         {"transform", fuzz::FuzzTransform, "image"},
                         {"checkpoint", fuzz::FuzzCheckpoint, "checkpoints"},
                         {"pickle", fuzz::FuzzPickle, "checkpoints"},
                         {"safetensors", fuzz::FuzzSafetensors, "checkpoints"},
                         {"labels", fuzz::LabelAlways, nullptr}};

std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<uint8_t> Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class FuzzReplay : public ::testing::TestWithParam<Row> {};

TEST_P(FuzzReplay, FindingsAndSeeds) {
  const Row& row = GetParam();
  const std::filesystem::path data(RESNET50_TEST_DATA);
  std::vector<std::filesystem::path> files = FilesOf(data / "fuzz" / row.name);
  if (row.seeds != nullptr) {
    const std::vector<std::filesystem::path> seeds = FilesOf(data / row.seeds);
    EXPECT_FALSE(seeds.empty());
    files.insert(files.end(), seeds.begin(), seeds.end());
  }
  for (const auto& path : files) {
    SCOPED_TRACE(path);
    row.run(Read(path));
  }
  row.run({});
}

// One picture to its labels, so that this target's own network is known to work.
TEST(FuzzTargets, APictureReachesItsLabels) {
  fuzz::LabelAlways(Read(std::filesystem::path(RESNET50_TEST_DATA) / "image" / "jpeg444.jpg"));
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace resnet50
