// PyTorch's zip format (1.6 and newer): PREFIX/data.pkl and one entry PREFIX/data/KEY a storage.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "checkpoint/checkpoint.h"

namespace resnet50 {

// Whether the bytes begin as a zip archive does.
bool BeginsAsZip(std::span<const uint8_t> bytes);

// Only the storages of tensors that are read are unpacked and their CRC-32 checked. `bytes` must outlive the result.
// Errors: kCheckpointFormat, with `file_name` as the subject (archives of other programs are named); kOutOfMemory.
Result<std::unique_ptr<CheckpointReader::Contents>> OpenZipCheckpoint(std::span<const uint8_t> bytes,
                                                                      std::string_view file_name);

}  // namespace resnet50
