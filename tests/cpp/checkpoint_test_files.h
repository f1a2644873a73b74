// What the checkpoint and weights tests share: files of tests/data/checkpoints, and a state dict as text.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace resnet50 {

inline std::vector<uint8_t> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::filesystem::path CheckpointPath(const std::string& name) {
  return std::filesystem::path(RESNET50_TEST_DATA) / "checkpoints" / name;
}

inline std::vector<uint8_t> CheckpointFile(const std::string& name) { return ReadFile(CheckpointPath(name)); }

// Names of the files in tests/data/checkpoints that begin and end so, sorted.
inline std::vector<std::string> CheckpointFiles(const std::string& prefix, const std::string& suffix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(CheckpointPath(""))) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(suffix)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A buffer of exactly the given bytes, so that AddressSanitizer sees a read behind their end.
class ExactBytes {
 public:
  explicit ExactBytes(std::span<const uint8_t> bytes) : bytes_(new uint8_t[bytes.size()]), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  operator std::span<const uint8_t>() const { return {bytes_.get(), size_}; }
  uint8_t& operator[](size_t i) { return bytes_[i]; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_;
};

}  // namespace resnet50
