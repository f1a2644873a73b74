// Files that are no checkpoint of ours but known by their first bytes. Knows nothing of their contents.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace resnet50 {

// What the file is and what to do instead: a sentence without its subject, or one that fits any unknown file.
std::string_view ExplainForeignFile(std::span<const uint8_t> bytes);

}  // namespace resnet50
