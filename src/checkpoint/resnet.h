// A ResNet-50 out of a file: finds the networks in it, chooses one, and gives it torchvision's names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "checkpoint/checkpoint.h"

namespace resnet50 {

struct ResNetChoice {
  std::string
      state_dict;  // which of several networks, by the key that a message printed or a part of it; empty: the first
  bool without_head = false;  // leaves a classifier out, whatever it is
};

// A network and what was understood on the way.
struct RecognizedResNet {
  StateDict state;  // torchvision's names; without a classifier, fc is zeros for one class
  bool has_head = true;
  std::string naming;     // whose names the file has: "torchvision", "Hugging Face transformers", "fastai" ...
  std::string prefix;     // before all names of the body, '.' at its end or empty
  std::string head;       // module of the classifier, in its dict; empty where there is none
  std::string head_norm;  // module of the batch norm that was folded into it, or empty
  std::string key;        // of the network among others
  std::vector<std::string> others;    // keys of the networks that were not chosen
  std::vector<std::string> left_out;  // modules beside the network, in the same dict
};

// Reads a file and finds the network that `expected` describes (torchvision's names; of fc only that it is there).
// Trained weights come before averaged ones (EMA, teacher), those under 'state_dict', 'model' and the like before
// others. Tensors view `bytes`. Errors: those of CheckpointReader; kCheckpointMismatch, with `file_name` as the
// subject, where no network fits: the message says what there is and which network it may be.
Result<RecognizedResNet> ReadResNet(std::span<const uint8_t> bytes, std::string_view file_name,
                                    std::span<const ExpectedTensor> expected, const ResNetChoice& choice = {});

}  // namespace resnet50
