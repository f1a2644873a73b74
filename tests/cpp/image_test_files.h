// What the image tests share: files that tests/data/make/make_image_files.py made, and the hash that it wrote down.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "image/image.h"

namespace resnet50::testing {

inline std::vector<uint8_t> ImageFile(const std::string& name) {
  std::ifstream file(std::string(RESNET50_TEST_DATA) + "/image/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The words of every line of a text file.
inline std::vector<std::vector<std::string>> Lines(const std::string& name) {
  const std::vector<uint8_t> bytes = ImageFile(name);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    lines.emplace_back(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>());
  }
  EXPECT_FALSE(lines.empty()) << name;
  return lines;
}

// FNV-1a, 64 bits, in hexadecimal.
inline std::string Hash(const Image& image) {
  uint64_t value = 0xCBF29CE484222325ULL;
  for (size_t i = 0; i < image.pixels.size(); ++i) value = (value ^ image.pixels.data()[i]) * 0x100000001B3ULL;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

inline int Number(const std::string& word) { return std::stoi(word); }

}  // namespace resnet50::testing
