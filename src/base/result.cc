#include "base/result.h"

namespace resnet50 {

std::string_view Name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "INVALID_ARGUMENT";
    case ErrorCode::kNotAnImage: return "NOT_AN_IMAGE";
    case ErrorCode::kUnsupportedFormat: return "UNSUPPORTED_FORMAT";
    case ErrorCode::kTruncatedImage: return "TRUNCATED_IMAGE";
    case ErrorCode::kCorruptImage: return "CORRUPT_IMAGE";
    case ErrorCode::kImageTooLarge: return "IMAGE_TOO_LARGE";
    case ErrorCode::kOutOfMemory: return "OUT_OF_MEMORY";
    case ErrorCode::kCheckpointFormat: return "CHECKPOINT_FORMAT";
    case ErrorCode::kCheckpointMismatch: return "CHECKPOINT_MISMATCH";
    case ErrorCode::kWeightsFormat: return "WEIGHTS_FORMAT";
    case ErrorCode::kWeightsMismatch: return "WEIGHTS_MISMATCH";
    case ErrorCode::kNotReady: return "NOT_READY";
    case ErrorCode::kNotFinite: return "NOT_FINITE";
    case ErrorCode::kInternal: return "INTERNAL";
  }
  return "INTERNAL";
}

}  // namespace resnet50
