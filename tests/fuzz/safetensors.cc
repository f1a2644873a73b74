// Safetensors files, by themselves and as shards of a network.
#include "weights/safetensors.h"

#include "network/shard_loader.h"
#include "synthetic_network.h"
#include "targets.h"

namespace resnet50::fuzz {

void FuzzSafetensors(Bytes bytes) {
  const Result<Safetensors> file = ParseSafetensors(bytes, "fuzz.safetensors");
  if (!file) {
    Check(file.error().code == ErrorCode::kWeightsFormat, "a file is refused by its format");
    Check(!file.error().message.empty(), "every refusal has a message");
    return;
  }
  size_t covered = 0;
  for (const SafetensorsTensor& tensor : file->tensors) {
    covered += tensor.data.size();
    const bool inside = tensor.data.empty() || (tensor.data.data() >= bytes.data() &&
                                                tensor.data.data() + tensor.data.size() <= bytes.data() + bytes.size());
    Check(inside, "tensors lie inside of the file");
  }
  Check(covered <= bytes.size(), "tensors do not overlap");
  // Few files come here, so that a network each is affordable, and none carries state to the next.
  const std::unique_ptr<Network> network = EmptyNetwork();
  ShardLoader loader(*network);
  for (int round = 0; round < 2; ++round) {  // the same shard twice is a mistake that a server can make
    const Status status = loader.Load(bytes, "fuzz.safetensors");
    Check(status || status.error().code == ErrorCode::kWeightsMismatch, "what does not fit is refused as such");
  }
}

}  // namespace resnet50::fuzz
