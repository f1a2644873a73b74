// Which network a file holds that is no ResNet-50: a guess from names and shapes.
#pragma once

#include <span>
#include <string>

#include "checkpoint/checkpoint.h"
#include "checkpoint/resnet_names.h"

namespace resnet50 {

// Of a body with torchvision's names (others are mapped to them first): "a ResNet-101: layer3 has 23 blocks"; empty
// where nothing comes to mind.
std::string GuessRelative(const StateDict& body);

// Of a file in which no ResNet was found: "a vision transformer", or empty.
std::string GuessForeign(std::span<const TensorEntry> entries);

// A larger network, of which this body is a part that was not trained for classes: "a detection model", or empty.
std::string GuessSurrounding(std::span<const TensorEntry> entries, const Body& body);

}  // namespace resnet50
